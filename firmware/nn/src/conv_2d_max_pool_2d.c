#include "nn/conv_2d_max_pool_2d.h"

#include "elementwise.h"
#include "gather.h"
#include "scale_sums.h"

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static void write_pixel(const nn_conv_2d_params *p, const int16_t *patches, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const nn_rounds rounds = nn_make_rounds(p->groups);
    const int8_t *weights = p->weights;
    for (int32_t c = 0; c < p->output_channels; c++) {
        NN_KEEP_INDEX(c);
        nn_four_sums sums = {0, 0, 0, 0};
        sums = nn_dot_4(sums, patches, rounds, &weights);
        const int32_t largest = larger(larger(sums.a, sums.b), larger(sums.c, sums.d));
        output[c] = nn_scale_sum(range, p->biases[c] + largest, p->multipliers[c], p->shifts[c]);
    }
}

static void write_row(const nn_conv_2d_max_pool_2d_params *params, uint8_t *arena, int32_t y,
                      int8_t *output) {
    const nn_conv_2d_params *const p = &params->conv;
    int16_t *const patches = (void *)(arena + p->scratch);
    int8_t *const bytes = (int8_t *)(patches + p->groups * NN_GROUP_VALUES);
    const nn_band upper = nn_conv_2d_band(p, arena, 2 * y);
    const nn_band lower = nn_conv_2d_band(p, arena, 2 * y + 1);
    for (int32_t x = 0; x < 2 * params->pooled_width; x += 2) {
        nn_gather(p, &upper, x, patches, bytes);
        nn_gather(p, &upper, x + 1, patches + NN_PATCH_STEP, bytes);
        nn_gather(p, &lower, x, patches + 2 * NN_PATCH_STEP, bytes);
        nn_gather(p, &lower, x + 1, patches + 3 * NN_PATCH_STEP, bytes);
        write_pixel(p, patches, output);
        output += p->output_channels;
    }
}

void nn_conv_2d_max_pool_2d_s8(const nn_conv_2d_max_pool_2d_params *params, uint8_t *arena,
                               int32_t first_row, int32_t row_count) {
    const int32_t row_elements = params->pooled_width * params->conv.output_channels;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        int8_t *const row = nn_row_at(&params->conv.output, arena, y);
        write_row(params, arena, y, row);
        if (params->mul.constant != 0) {
            nn_mul_constant(&params->mul, row, row, row_elements);
        }
        if (params->add.addends != 0) {
            nn_add_constant(&params->add, row, row, row_elements);
        }
    }
}
