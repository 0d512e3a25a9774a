/**
 * Fixed-point arithmetic of int8 inference, bit for bit that of TFLite's reference kernels.
 *
 * A real factor is a multiplier in Q0.31 and a power of two: factor = multiplier * 2^(shift - 31).
 * Rounding is the "double rounding" of gemmlowp: once after the high multiplication, once after
 * the shift to the right.
 *
 * Right shifts of negative values are arithmetic, as all compilers for the supported targets do.
 */
#ifndef NN_FIXED_POINT_H
#define NN_FIXED_POINT_H

#include <stdint.h>

_Static_assert((-2 >> 1) == -1, "right shifts of negative values must be arithmetic");

/** value * 2^shift, 0 <= shift <= 31; wraps where the reference is undefined. */
static inline int32_t nn_shift_left(int32_t value, int32_t shift) {
    return (int32_t)((uint32_t)value << shift);
}

/** round(a * b / 2^31), ties away from zero; saturates for a = b = INT32_MIN. */
static inline int32_t nn_multiply_high(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    const int64_t product = (int64_t)a * b;
    const int64_t nudge = product >= 0 ? (INT64_C(1) << 30) : 1 - (INT64_C(1) << 30);
    return (int32_t)((product + nudge) / (INT64_C(1) << 31));
}

/** round(value / 2^exponent), ties away from zero, 0 <= exponent <= 31. */
static inline int32_t nn_divide_by_power_of_two(int32_t value, int32_t exponent) {
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
    const int32_t remainder = value & mask;
    const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/** value * multiplier * 2^(shift - 31), rounded twice, -31 <= shift <= 30. */
static inline int32_t nn_rescale(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    return nn_divide_by_power_of_two(nn_multiply_high(nn_shift_left(value, left), multiplier),
                                     right);
}

/** value, or the limit that it passes. */
static inline int32_t nn_clamp(int32_t value, int32_t lowest, int32_t highest) {
    return value < lowest ? lowest : (value > highest ? highest : value);
}

#endif
