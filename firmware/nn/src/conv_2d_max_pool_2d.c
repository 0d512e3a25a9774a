#include "nn/conv_2d_max_pool_2d.h"

#include "gather.h"
#include "scale_sums.h"

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static void write_pixel(const nn_conv_2d_params *p, const int16_t *patches, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t groups = p->groups;
    const int8_t *weights = p->weights, *shifts = p->shifts;
    const int32_t *biases = p->biases, *multipliers = p->multipliers;
    for (const int8_t *const end = output + p->output_channels; output < end; output++) {
        int32_t sums[NN_PATCHES] = {0, 0, 0, 0};
        nn_dot_4(patches, weights, groups, sums);
        weights += groups * NN_GROUP;
        const int32_t largest = larger(larger(sums[0], sums[1]), larger(sums[2], sums[3]));
        *output = nn_scale_sum(range, *biases++ + largest, *multipliers++, *shifts++);
    }
}

void nn_conv_2d_max_pool_2d_s8(const nn_conv_2d_max_pool_2d_params *params, const int8_t *input,
                               int8_t *output, void *scratch) {
    const nn_conv_2d_params *const p = &params->conv;
    int16_t *const patches = scratch;
    int8_t *const bytes = (int8_t *)(patches + p->groups * NN_GROUP_VALUES);
    for (int32_t y = 0; y < params->pooled_height; y++) {
        int8_t *const row = output;
        for (int32_t x = 0; x < params->pooled_width; x++) {
            for (int32_t i = 0; i < NN_PATCHES; i++) {
                nn_gather(p, input, 2 * y + i / 2, 2 * x + i % 2, patches + i * NN_GROUP, bytes);
            }
            write_pixel(p, patches, output);
            output += p->output_channels;
        }
        if (params->mul.constant != 0) {
            nn_mul_constant_s8(&params->mul, row, row);
        }
        if (params->add.addends != 0) {
            nn_add_constant_s8(&params->add, row, row);
        }
    }
}
