/* From sums of products to outputs. */
#ifndef NN_SCALE_SUMS_H
#define NN_SCALE_SUMS_H

#include <stdbool.h>
#include <string.h>

#include "nn/fixed_point.h"

#include "dsp.h"
#include "four_sums.h"

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

static inline int8_t nn_narrow(nn_range range, int32_t value) {
    return (int8_t)(range.is_narrow ? nn_clamp(value, range.lowest, range.highest) : value);
}

/* The product of a sum with a factor's multiplier, shifted, as an int8. */
static inline int32_t nn_shift_to_int8(nn_range range, int32_t high, int32_t shift) {
    int32_t value = ((high + (high >> 31)) >> ~shift) + range.twice_zero_point;
#if defined(__ARM_FEATURE_SAT) && defined(__OPTIMIZE__)
    __asm("ssat %0, #8, %1, asr #1" : "=r"(value) : "r"(value));
    return value;
#else
    return nn_clamp(value >> 1, INT8_MIN, INT8_MAX);
#endif
}

/* Factors below 1, as nearly all are: shift < 0. See nn_rescale_down. */
static inline int8_t nn_scale_sum_down(nn_range range, int32_t sum, int32_t multiplier,
                                       int32_t shift) {
    return nn_narrow(range, nn_shift_to_int8(range, nn_scale(sum, multiplier), shift));
}

/* The same for a multiplier of 2^30 or more. */
static inline int8_t nn_scale_large_down(nn_range range, int32_t sum, int32_t multiplier,
                                         int32_t shift) {
    return nn_narrow(range, nn_shift_to_int8(range, nn_scale_large(sum, multiplier), shift));
}

/* Any factor. */
static inline int8_t nn_scale_sum(nn_range range, int32_t sum, int32_t multiplier, int32_t shift) {
    if (shift < 0) {
        return nn_scale_sum_down(range, sum, multiplier, shift);
    }
    const int32_t scaled = nn_rescale(sum, multiplier, shift) + (range.twice_zero_point >> 1);
    return nn_narrow(range, nn_clamp(scaled, INT8_MIN, INT8_MAX));
}

/* Within limits narrower than int8. */
static inline nn_four_sums nn_narrow_four(nn_range range, nn_four_sums values) {
    values.a = nn_clamp(values.a, range.lowest, range.highest);
    values.b = nn_clamp(values.b, range.lowest, range.highest);
    values.c = nn_clamp(values.c, range.lowest, range.highest);
    values.d = nn_clamp(values.d, range.lowest, range.highest);
    return values;
}

/* Four sums with one factor below 1, as outputs within the limits of int8. The multiplier is at
 * least 2^30, as that of every factor but 0. */
static inline nn_four_sums nn_scale_four_down(nn_range range, nn_four_sums sums, int32_t multiplier,
                                              int32_t shift) {
#if NN_HAS_DSP
    /* Twice the multiplier wraps, so that its product is too small by 2^32 times the sum. SMMLAR
     * adds that. */
#define NN_SCALE_DOWN(sum)                                                                         \
    "smmlar %[" sum "], %[" sum "], %[doubled], %[" sum "]\n"                                      \
    "add    %[" sum "], %[" sum "], %[" sum "], asr #31\n"                                         \
    "asr    %[" sum "], %[" sum "], %[right]\n"                                                    \
    "add    %[" sum "], %[" sum "], %[zero]\n"                                                     \
    "ssat   %[" sum "], #8, %[" sum "], asr #1\n"
    __asm(NN_SCALE_DOWN("a") NN_SCALE_DOWN("b") NN_SCALE_DOWN("c") NN_SCALE_DOWN("d")
          : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d)
          : [doubled] "r"((uint32_t)multiplier << 1), [right] "r"(~shift),
            [zero] "r"(range.twice_zero_point));
#undef NN_SCALE_DOWN
    return sums;
#else
    sums.a = nn_shift_to_int8(range, nn_scale(sums.a, multiplier), shift);
    sums.b = nn_shift_to_int8(range, nn_scale(sums.b, multiplier), shift);
    sums.c = nn_shift_to_int8(range, nn_scale(sums.c, multiplier), shift);
    sums.d = nn_shift_to_int8(range, nn_scale(sums.d, multiplier), shift);
    return sums;
#endif
}

/* Writes the lowest byte of each, `step` bytes apart. */
static inline void nn_store_quad(nn_four_sums values, int8_t *to, int32_t step) {
#if NN_HAS_DSP
    if (step == 1) {
        int32_t bytes = values.a;
        __asm("bfi %[bytes], %[b], #8, #8\n"
              "bfi %[bytes], %[c], #16, #8\n"
              "bfi %[bytes], %[d], #24, #8\n"
              : [bytes] "+r"(bytes)
              : [b] "r"(values.b), [c] "r"(values.c), [d] "r"(values.d));
        memcpy(to, &bytes, sizeof bytes);
        return;
    }
#endif
    to[0] = (int8_t)values.a;
    to[step] = (int8_t)values.b;
    to[2 * step] = (int8_t)values.c;
    to[3 * step] = (int8_t)values.d;
}

/* Four neighbouring bytes, the first in the lowest one. */
static inline uint32_t nn_four_bytes(const int8_t *from) {
#if defined(__arm__) && !defined(__ARM_FEATURE_UNALIGNED)
    const uint8_t *const each = (const uint8_t *)from; /* a word would be copied by a call */
    return each[0] | (uint32_t)each[1] << 8 | (uint32_t)each[2] << 16 | (uint32_t)each[3] << 24;
#else
    uint32_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return bytes;
#endif
}

/* Four sums, each with a factor below 1 of its own, as outputs within the limits of int8; `rights`
 * has ~shift of each. */
static inline nn_four_sums nn_scale_quad_down(nn_range range, nn_four_sums sums,
                                              const int32_t *multipliers, uint32_t rights) {
#if NN_HAS_DSP
    /* A shift by a register uses its lowest byte. */
#define NN_SCALE_DOWN(sum, factor)                                                                 \
    "lsl    %[" sum "], %[" sum "], #1\n"                                                          \
    "smmulr %[" sum "], %[" sum "], %[" factor "]\n"                                               \
    "add    %[" sum "], %[" sum "], %[" sum "], asr #31\n"                                         \
    "asr    %[" sum "], %[" sum "], %[rights]\n"                                                   \
    "add    %[" sum "], %[" sum "], %[zero]\n"                                                     \
    "ssat   %[" sum "], #8, %[" sum "], asr #1\n"
#define NN_NEXT_SHIFT "lsr    %[rights], %[rights], #8\n"
    int32_t first, second;
    __asm("ldrd   %[first], %[second], [%[multipliers]]\n"     /* */
          NN_SCALE_DOWN("a", "first") NN_NEXT_SHIFT            /* */
              NN_SCALE_DOWN("b", "second") NN_NEXT_SHIFT       /* */
          "ldrd   %[first], %[second], [%[multipliers], #8]\n" /* */
          NN_SCALE_DOWN("c", "first") NN_NEXT_SHIFT            /* */
              NN_SCALE_DOWN("d", "second")                     /* */
          : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
            [rights] "+r"(rights), [first] "=&r"(first), [second] "=&r"(second)
          : [multipliers] "r"(multipliers), [zero] "r"(range.twice_zero_point)
          : "memory");
#undef NN_SCALE_DOWN
#undef NN_NEXT_SHIFT
    return sums;
#else
    sums.a = nn_shift_to_int8(range, nn_scale(sums.a, multipliers[0]), ~(int32_t)(rights & 255U));
    sums.b =
        nn_shift_to_int8(range, nn_scale(sums.b, multipliers[1]), ~(int32_t)(rights >> 8 & 255U));
    sums.c =
        nn_shift_to_int8(range, nn_scale(sums.c, multipliers[2]), ~(int32_t)(rights >> 16 & 255U));
    sums.d = nn_shift_to_int8(range, nn_scale(sums.d, multipliers[3]), ~(int32_t)(rights >> 24));
    return sums;
#endif
}

#endif
