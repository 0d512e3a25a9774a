/* Up to four pixels of a convolution's output, from the patches of the image. */
#ifndef NN_CONV_PIXELS_H
#define NN_CONV_PIXELS_H

#include "nn/conv_2d.h"
#include "patches.h"
#include "scale_sums.h"

/* Rare cases: fewer than four pixels, or a factor above 1. Kept out of the fast path. */
static __attribute__((noinline)) void nn_write_some(nn_range range, nn_four_sums sums,
                                                    int32_t count, int32_t multiplier,
                                                    int32_t shift, int8_t *output,
                                                    int32_t channels) {
    const int32_t values[NN_PATCHES] = {sums.a, sums.b, sums.c, sums.d};
    for (int32_t i = 0; i < count; i++) {
        output[i * channels] = nn_scale_sum(range, values[i], multiplier, shift);
    }
}

static inline void nn_store_pixels(nn_four_sums values, int8_t *to, int32_t channels) {
    to[0] = (int8_t)values.a;
    to[channels] = (int8_t)values.b;
    to[2 * channels] = (int8_t)values.c;
    to[3 * channels] = (int8_t)values.d;
}

/* Writes channels [first, end) of the pixels whose patches are given; `output` is the first one. */
static inline void nn_write_pixels(const nn_conv_2d_params *p, const int16_t *patches,
                                   int32_t first, int32_t end, int32_t count, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t channels = p->output_channels;
    const nn_rounds rounds = nn_make_rounds(p->groups);
    const int32_t whole = count < NN_PATCHES ? 0 : -1; /* one test of it and the shift */
    const int8_t *weights = p->weights + first * p->groups * NN_GROUP;
    for (int32_t c = first; c < end; c++) {
        NN_KEEP_INDEX(c);
        const int32_t bias = p->biases[c];
        const nn_four_sums start = {bias, bias, bias, bias};
        const nn_four_sums sums = nn_dot_4(start, patches, rounds, &weights);
        const int32_t multiplier = p->multipliers[c], shift = p->shifts[c];
        int8_t *const to = output + c;
        if ((shift & whole) >= 0) {
            const nn_four_sums all = {sums.a, sums.b, sums.c, sums.d}; /* the only one in memory */
            nn_write_some(range, all, count, multiplier, shift, to, channels);
        } else {
            const nn_four_sums scaled = nn_scale_four_down(range, sums, multiplier, shift);
            if (range.is_narrow) {
                nn_store_pixels(nn_narrow_four(range, scaled), to, channels);
            } else {
                nn_store_pixels(scaled, to, channels);
            }
        }
    }
}

#endif
