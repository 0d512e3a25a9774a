/**
 * Fixed-point arithmetic of int8 inference, bit-exact with TFLite's reference kernels.
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

/** value * 2^shift, 0 <= shift <= 31; wraps if the reference is undefined. */
static inline int32_t nn_shift_left(int32_t value, int32_t shift) {
    return (int32_t)((uint32_t)value << shift);
}

/**
 * round(a * b / 2^31), ties away from zero; saturates for a = b = INT32_MIN.
 *
 * The reference divides by 2^31 towards zero after a nudge of 2^30 or 1 - 2^30 by the sign of the
 * product. Adding 2^30 and shifting gives the same for both signs.
 */
static inline int32_t nn_multiply_high(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/** round(value / 2^exponent), ties away from zero, 0 <= exponent <= 31. */
static inline int32_t nn_divide_by_power_of_two(int32_t value, int32_t exponent) {
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
    const int32_t remainder = value & mask;
    const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/** round(value * multiplier / 2^32), ties up. */
static inline int32_t nn_scale_half(int32_t value, int32_t multiplier) {
#if defined(__ARM_FEATURE_DSP)
    int32_t high; /* one instruction instead of five */
    __asm("smmulr %0, %1, %2" : "=r"(high) : "r"(value), "r"(multiplier));
    return high;
#elif defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)
    /* The core has no long product: four of 16 bits. No sum overflows, whatever the arguments.
     * The last bit that is shifted out rounds. */
    int32_t low, multiplier_low, middle;
    __asm(".syntax unified\n"
          "uxth   %[low], %[value]\n"
          "asrs   %[value], %[value], #16\n"
          "uxth   %[multiplier_low], %[multiplier]\n"
          "asrs   %[multiplier], %[multiplier], #16\n"
          "movs   %[middle], %[low]\n"
          "muls   %[middle], %[multiplier_low]\n"
          "muls   %[multiplier_low], %[value]\n"
          "lsrs   %[middle], %[middle], #16\n"
          "adds   %[middle], %[multiplier_low]\n"
          "muls   %[low], %[multiplier]\n"
          "muls   %[value], %[multiplier]\n"
          "uxth   %[multiplier_low], %[middle]\n"
          "adds   %[low], %[multiplier_low]\n"
          "asrs   %[middle], %[middle], #16\n"
          "adds   %[value], %[middle]\n"
          "asrs   %[low], %[low], #16\n"
          "adcs   %[value], %[low]\n"
          : [value] "+l"(value), [multiplier] "+l"(multiplier), [low] "=&l"(low),
            [multiplier_low] "=&l"(multiplier_low), [middle] "=&l"(middle)
          :
          : "cc");
    return value;
#else
    const int64_t product = (int64_t)value * multiplier;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
#endif
}

/** round(value * multiplier / 2^31), ties up; |value| < 2^30. */
static inline int32_t nn_scale(int32_t value, int32_t multiplier) {
    return nn_scale_half(2 * value, multiplier);
}

/** The same for any value, with a multiplier of 2^30 or more, as that of each positive factor. */
static inline int32_t nn_scale_large(int32_t value, int32_t multiplier) {
#if defined(__ARM_FEATURE_DSP)
    int32_t high; /* twice the multiplier wraps: its product lacks 2^32 times the value */
    __asm("smmlar %0, %1, %2, %1" : "=r"(high) : "r"(value), "r"((uint32_t)multiplier << 1));
    return high;
#else
    /* as above: the product of twice the multiplier, which wraps, and what it lacks */
    return nn_scale_half(value, (int32_t)((uint32_t)multiplier << 1)) + value;
#endif
}

/**
 * value * multiplier * 2^(shift - 31), rounded twice; |value| < 2^30, shift < 0.
 *
 * Rounding ties of negative values away from zero is the same as subtracting 1 and rounding down.
 */
static inline int32_t nn_rescale_down(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t high = nn_scale(value, multiplier);
    return (((high + (high >> 31)) >> ~shift) + 1) >> 1; /* ~shift = -shift - 1 */
}

/** value * multiplier * 2^(shift - 31), rounded; 0 < shift <= 30, multiplier >= 0. */
int32_t nn_rescale_up(int32_t value, int32_t multiplier, int32_t shift);

/** Like nn_rescale_down, for -31 <= shift <= 30. */
static inline int32_t nn_rescale(int32_t value, int32_t multiplier, int32_t shift) {
    if (shift < 0) {
        return nn_rescale_down(value, multiplier, shift);
    }
    return shift == 0 ? nn_scale(value, multiplier) : nn_rescale_up(value, multiplier, shift);
}

/** value, clamped to the limits. */
static inline int32_t nn_clamp(int32_t value, int32_t lowest, int32_t highest) {
    return value < lowest ? lowest : (value > highest ? highest : value);
}

#endif
