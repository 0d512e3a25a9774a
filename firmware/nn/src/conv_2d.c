#include "nn/conv_2d.h"

#include "gather.h"
#include "scale_sums.h"

typedef struct {
    int32_t values[NN_PATCHES];
} four_sums;

/* Rare cases: fewer than four pixels, or a factor above 1. Kept out of the fast path. */
static __attribute__((noinline)) void write_some(nn_range range, four_sums sums, int32_t count,
                                                 int32_t multiplier, int32_t shift, int8_t *output,
                                                 int32_t channels) {
    for (int32_t i = 0; i < count; i++) {
        output[i * channels] = nn_scale_sum(range, sums.values[i], multiplier, shift);
    }
}

static void write_pixels(const nn_conv_2d_params *p, const int16_t *patches, int32_t count,
                         int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t channels = p->output_channels, groups = p->groups;
    const int8_t *weights = p->weights;
    for (int32_t c = 0; c < channels; c++) {
        NN_KEEP_INDEX(c);
        const int32_t bias = p->biases[c], multiplier = p->multipliers[c], shift = p->shifts[c];
        int32_t sums[NN_PATCHES] = {bias, bias, bias, bias};
        weights = nn_dot_4(patches, weights, groups, sums);
        int8_t *const to = output + c;
        if (count < NN_PATCHES || shift >= 0) {
            const four_sums all = {{sums[0], sums[1], sums[2], sums[3]}};
            write_some(range, all, count, multiplier, shift, to, channels);
        } else {
            to[0] = nn_scale_sum_down(range, sums[0], multiplier, shift);
            to[channels] = nn_scale_sum_down(range, sums[1], multiplier, shift);
            to[2 * channels] = nn_scale_sum_down(range, sums[2], multiplier, shift);
            to[3 * channels] = nn_scale_sum_down(range, sums[3], multiplier, shift);
        }
    }
}

void nn_conv_2d_s8(const nn_conv_2d_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count) {
    const nn_conv_2d_params *p = params;
    int16_t *const patches = (void *)(arena + p->scratch);
    int8_t *const bytes = (int8_t *)(patches + p->groups * NN_GROUP_VALUES);
    int8_t *output = nn_row_at(&p->output, arena, first_row);
    int32_t y = first_row, x = 0;
    nn_band band = nn_conv_2d_band(p, arena, y);
    for (int32_t left = row_count * p->output_width; left > 0; left -= NN_PATCHES) {
        const int32_t count = left < NN_PATCHES ? left : NN_PATCHES;
        for (int32_t i = 0; i < count; i++) {
            nn_gather(p, &band, x, patches + i * NN_GROUP, bytes);
            if (++x == p->output_width) {
                x = 0;
                band = nn_conv_2d_band(p, arena, ++y);
            }
        }
        write_pixels(p, patches, count, output);
        output += NN_PATCHES * p->output_channels;
    }
}
