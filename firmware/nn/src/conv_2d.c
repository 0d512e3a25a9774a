#include "nn/conv_2d.h"

#include "gather.h"
#include "scale_sums.h"

static void write_pixels(const nn_conv_2d_params *p, const int16_t *patches, int32_t count,
                         int8_t *output) {
    nn_scaling scaling = {0, 0, p->output_zero_point, p->lowest, p->highest};
    const int8_t *weights = p->weights;
    for (int32_t c = 0; c < p->output_channels; c++) {
        const int32_t bias = p->biases[c];
        int32_t sums[NN_PATCHES] = {bias, bias, bias, bias};
        nn_dot_4(patches, weights, p->groups, sums);
        weights += p->groups * NN_GROUP;
        scaling.multiplier = p->multipliers[c];
        scaling.shift = p->shifts[c];
        nn_scale_sums(&scaling, sums, count, output++, p->output_channels);
    }
}

void nn_conv_2d_s8(const nn_conv_2d_params *params, const int8_t *input, int8_t *output,
                   void *scratch) {
    const nn_conv_2d_params *p = params;
    int16_t *const patches = scratch;
    int8_t *const bytes = (int8_t *)(patches + p->groups * NN_GROUP_VALUES);
    int32_t y = 0, x = 0;
    for (int32_t left = p->output_height * p->output_width; left > 0; left -= NN_PATCHES) {
        const int32_t count = left < NN_PATCHES ? left : NN_PATCHES;
        for (int32_t i = 0; i < count; i++) {
            nn_gather(p, input, y, x, patches + i * NN_GROUP, bytes);
            if (++x == p->output_width) {
                x = 0;
                y++;
            }
        }
        write_pixels(p, patches, count, output);
        output += NN_PATCHES * p->output_channels;
    }
}
