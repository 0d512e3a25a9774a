/* Up to four pixels of a convolution's output, from the patches of the image. */
#ifndef NN_CONV_PIXELS_H
#define NN_CONV_PIXELS_H

#include "nn/conv_2d.h"
#include "patches.h"
#include "scale_sums.h"

typedef struct {
    int32_t values[NN_PATCHES];
} nn_four_sums;

/* Rare cases: fewer than four pixels, or a factor above 1. Kept out of the fast path. */
static __attribute__((noinline)) void nn_write_some(nn_range range, nn_four_sums sums,
                                                    int32_t count, int32_t multiplier,
                                                    int32_t shift, int8_t *output,
                                                    int32_t channels) {
    for (int32_t i = 0; i < count; i++) {
        output[i * channels] = nn_scale_sum(range, sums.values[i], multiplier, shift);
    }
}

/* Writes channels [first, end) of the pixels whose patches are given; `output` is the first one. */
static inline void nn_write_pixels(const nn_conv_2d_params *p, const int16_t *patches,
                                   int32_t first, int32_t end, int32_t count, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t channels = p->output_channels, groups = p->groups;
    const int8_t *weights = p->weights + first * groups * NN_GROUP;
    for (int32_t c = first; c < end; c++) {
        NN_KEEP_INDEX(c);
        const int32_t bias = p->biases[c], multiplier = p->multipliers[c], shift = p->shifts[c];
        int32_t sums[NN_PATCHES] = {bias, bias, bias, bias};
        weights = nn_dot_4(patches, weights, groups, sums);
        int8_t *const to = output + c;
        if (count < NN_PATCHES || shift >= 0) {
            const nn_four_sums all = {{sums[0], sums[1], sums[2], sums[3]}};
            nn_write_some(range, all, count, multiplier, shift, to, channels);
        } else {
            to[0] = nn_scale_sum_down(range, sums[0], multiplier, shift);
            to[channels] = nn_scale_sum_down(range, sums[1], multiplier, shift);
            to[2 * channels] = nn_scale_sum_down(range, sums[2], multiplier, shift);
            to[3 * channels] = nn_scale_sum_down(range, sums[3], multiplier, shift);
        }
    }
}

#endif
