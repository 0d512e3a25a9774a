#include "exponentials.h"

static void softmax_row(const nn_softmax_params *p, const int8_t *input, int8_t *output) {
    const int32_t largest = nn_largest_of_row(p, input);
    const int32_t sum_q12 = nn_sum_of_exponentials_q12(p, input, largest);
    const int32_t headroom = __builtin_clz((uint32_t)sum_q12);
    const int32_t fraction = (int32_t)(((uint32_t)sum_q12 << headroom) - (UINT32_C(1) << 31));
    const int32_t reciprocal = nn_reciprocal_of_one_plus_q0(fraction);
    const int32_t exponent = NN_SUM_INTEGER_BITS - headroom + 31 - 8;
    /* From 32 on, with 512 classes or more, every probability is below half a step. */
    const int32_t smallest_difference = exponent < 32 ? p->smallest_difference : 1;
    for (int32_t c = 0; c < p->classes; c++) {
        int32_t value = 0;
        if (input[c] - largest >= smallest_difference) {
            const int32_t exponential = nn_exp_of_difference_q0(p, input[c] - largest);
            value = nn_divide_by_power_of_two(nn_multiply_high(reciprocal, exponential), exponent);
        }
        output[c] = (int8_t)nn_clamp(value + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void nn_softmax_s8(const nn_softmax_params *params, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < params->rows; row++) {
        softmax_row(params, input + row * params->classes, output + row * params->classes);
    }
}
