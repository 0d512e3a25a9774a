/* From sums of products to outputs. */
#ifndef NN_SCALE_SUMS_H
#define NN_SCALE_SUMS_H

#include <stdbool.h>

#include "nn/fixed_point.h"

#include "dsp.h"

/* What the outputs of a convolution have in common. */
typedef struct {
    int32_t twice_zero_point; /* and 1 more: joins the rounding of the last shift */
    int32_t lowest, highest;
    bool is_narrow; /* than int8 */
} nn_range;

static inline nn_range nn_make_range(int32_t zero_point, int32_t lowest, int32_t highest) {
    const nn_range range = {2 * zero_point + 1, lowest, highest,
                            lowest > INT8_MIN || highest < INT8_MAX};
    return range;
}

static inline int8_t nn_limit(nn_range range, int32_t value) {
#if NN_HAS_DSP
    __asm("ssat %0, #8, %1" : "=r"(value) : "r"(value));
#else
    value = nn_clamp(value, INT8_MIN, INT8_MAX);
#endif
    return (int8_t)(range.is_narrow ? nn_clamp(value, range.lowest, range.highest) : value);
}

/* Any factor. */
static inline int8_t nn_scale_sum(nn_range range, int32_t sum, int32_t multiplier, int32_t shift) {
    const int32_t scaled = nn_rescale(sum, multiplier, shift);
    return nn_limit(range, scaled + (range.twice_zero_point >> 1));
}

/* Factors below 1, as nearly all are: shift < 0. See nn_rescale_down. */
static inline int8_t nn_scale_sum_down(nn_range range, int32_t sum, int32_t multiplier,
                                       int32_t shift) {
    const int32_t high = nn_scale(sum, multiplier);
    const int32_t halves = (high + (high >> 31)) >> ~shift;
    return nn_limit(range, (halves + range.twice_zero_point) >> 1);
}

#endif
