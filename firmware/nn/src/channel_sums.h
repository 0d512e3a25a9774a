/*
 * Sums of four neighbouring channels over pixels, with the DSP extension or in C.
 *
 * With it, two sums of 16 bits share a word: the first and third channel, the second and fourth.
 * That many bits hold the sum of 256 pixels.
 */
#ifndef NN_CHANNEL_SUMS_H
#define NN_CHANNEL_SUMS_H

#include <stdint.h>

#include "quads.h"

#define NN_MOST_SUMMED 256

#if NN_HAS_DSP

typedef struct {
    uint32_t even, odd;
} nn_channel_sums;

/* The sums with the pixels of a row, `step` bytes apart; one pixel at least. */
static inline nn_channel_sums nn_sum_row(nn_channel_sums sums, const int8_t *pixel, int32_t count,
                                         int32_t step) {
    const int8_t *const end = pixel + count * step;
    do {
        uint32_t four;
        memcpy(&four, pixel, sizeof four);
        __asm("sxtab16 %0, %0, %1" : "+r"(sums.even) : "r"(four));
        __asm("sxtab16 %0, %0, %1, ror #8" : "+r"(sums.odd) : "r"(four));
        pixel += step;
    } while (pixel != end);
    return sums;
}

static inline nn_four_sums nn_each_sum(nn_channel_sums sums) {
    const nn_four_sums each = {(int16_t)sums.even, (int16_t)sums.odd, (int32_t)sums.even >> 16,
                               (int32_t)sums.odd >> 16};
    return each;
}

#else

typedef nn_four_sums nn_channel_sums;

static inline nn_channel_sums nn_sum_row(nn_channel_sums sums, const int8_t *pixel, int32_t count,
                                         int32_t step) {
    for (; count > 0; count--) {
        sums.a += pixel[0];
        sums.b += pixel[1];
        sums.c += pixel[2];
        sums.d += pixel[3];
        pixel += step;
    }
    return sums;
}

static inline nn_four_sums nn_each_sum(nn_channel_sums sums) { return sums; }

#endif

#endif
