/* Exponentials in fixed point, and their sum: what SOFTMAX and LOG_SOFTMAX have in common. Whether
 * the larger functions are inlined is left to the compiler. */
#ifndef NN_EXPONENTIALS_H
#define NN_EXPONENTIALS_H

#include "nn/fixed_point.h"
#include "nn/softmax.h"

/* Numbers named qN have N integer bits: value = raw * 2^(N - 31). */

#define NN_ONE_Q0 INT32_MAX
#define NN_ONE_Q2 (INT32_C(1) << 29)
#define NN_SUM_INTEGER_BITS 12

/* exp(a) for -1/4 <= a < 0: Taylor's expansion around -1/8 to the fourth order. Only x and its
 * third power are below 0. */
static int32_t nn_exp_of_small_q0(int32_t a_q0) {
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32_t x = a_q0 + (INT32_C(1) << 28);
    const int32_t x2 = nn_scale(x, x);
    const int32_t x3 = nn_scale(x2, x);
    const int32_t fourth = (nn_scale(x2, x2) + 2) >> 2;
    const int32_t higher = (nn_scale(fourth + x3, third) + x2 + 1) >> 1;
    return exp_of_minus_eighth + nn_scale(x + higher, exp_of_minus_eighth);
}

/* exp(a) for a <= 0: the quarters by factors exp(-2^n), the rest by the expansion. */
static int32_t nn_exp_of_negative_q0(int32_t a_q5) {
    if (a_q5 == 0) {
        return NN_ONE_Q0;
    }
    const int32_t quarter = INT32_C(1) << 24;
    const int32_t rest = (a_q5 & (quarter - 1)) - quarter;
    const int32_t quarters = (rest - a_q5) >> 24;
    int32_t result = nn_exp_of_small_q0(nn_shift_left(rest, 5));
    result = (quarters & 1) != 0 ? nn_scale_large(result, 1672461947) : result;
    result = (quarters & 2) != 0 ? nn_scale_large(result, 1302514674) : result;
    result = (quarters & 4) != 0 ? nn_scale_half(result, 2 * 790015084) : result;
    result = (quarters & 8) != 0 ? nn_scale_half(result, 2 * 290630308) : result;
    result = (quarters & 16) != 0 ? nn_scale_half(result, 2 * 39332535) : result;
    result = (quarters & 32) != 0 ? nn_scale_half(result, 2 * 720401) : result;
    return (quarters & 64) != 0 ? nn_scale_half(result, 2 * 242) : result;
}

/* 1 / (1 + a) for 0 <= a < 1: three steps of Newton and Raphson. */
static int32_t nn_reciprocal_of_one_plus_q0(int32_t a_q0) {
    const int32_t forty_eight_17ths_q2 = 1515870810;
    const int32_t minus_thirty_two_17ths_q2 = -1010580540;
    const int32_t half_denominator = (INT32_C(1) << 30) + (a_q0 >> 1);
    int32_t x = forty_eight_17ths_q2 + nn_scale_large(minus_thirty_two_17ths_q2, half_denominator);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = NN_ONE_Q2 - nn_scale_large(x, half_denominator); /* below 1/16 */
        x += nn_scale(error, x) * 4;
    }
    return x > INT32_MAX / 2 ? INT32_MAX : 2 * x;
}

/* exp of what an input lies below the largest of its row, in steps. */
static int32_t nn_exp_of_difference_q0(const nn_softmax_params *p, int32_t difference) {
    return nn_exp_of_negative_q0(
        nn_scale_large(nn_shift_left(difference, p->shift), p->multiplier));
}

static inline int32_t nn_largest_of_row(const nn_softmax_params *p, const int8_t *input) {
    int32_t largest = INT8_MIN;
    for (int32_t c = 0; c < p->classes; c++) {
        largest = input[c] > largest ? input[c] : largest;
    }
    return largest;
}

/* Of all inputs that lie less below the largest than the smallest difference. */
static inline int32_t nn_sum_of_exponentials_q12(const nn_softmax_params *p, const int8_t *input,
                                                 int32_t largest) {
    int32_t sum_q12 = 0;
    for (int32_t c = 0; c < p->classes; c++) {
        if (input[c] - largest >= p->smallest_difference) {
            const int32_t exponential = nn_exp_of_difference_q0(p, input[c] - largest);
            sum_q12 += ((exponential >> (NN_SUM_INTEGER_BITS - 1)) + 1) >> 1;
        }
    }
    return sum_q12;
}

#endif
