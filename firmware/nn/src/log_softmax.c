#include "nn/log_softmax.h"

#include "exponentials.h"

#define LOG_INTEGER_BITS 5
#define POWER_BITS 25 /* behind the point of the power of two, which is a q6 */
#define OUTPUT_ZERO_POINT 127
#define OUTPUT_SHIFT 22 /* from q5 to the output's scale of 1/16 */

/* value * 2^shift for value >= 0, saturated. */
static int32_t shift_left_at_most(int32_t value, int32_t shift) {
    return value > INT32_MAX >> shift ? INT32_MAX : value << shift;
}

/* log(r) for r from 2^-1/2 to 1, without the part that its power of two has: a quotient of
 * polynomials in the distance from 2^-1/4. */
static int32_t log_of_fraction_q6(int32_t r_q0) {
    const int32_t fourth_root_of_half = 1805811301;
    const int32_t numerator = 117049297; /* 11/240 * 2^1/4 */
    const int32_t square = 127690142, constant = 1057819769, middle = 638450708;
    const int32_t p = (int32_t)(((uint32_t)r_q0 + (uint32_t)fourth_root_of_half + 1U) >> 1);
    const int32_t q = 2 * (r_q0 - fourth_root_of_half);
    const int32_t q2 = nn_multiply_high(q, q);
    const int32_t above =
        nn_multiply_high(q, r_q0) + nn_multiply_high(nn_multiply_high(q, q2), numerator);
    const int32_t below = nn_multiply_high(p, constant + q + nn_multiply_high(square, q2)) +
                          nn_multiply_high(middle, q);
    return nn_multiply_high(nn_divide_by_power_of_two(above, LOG_INTEGER_BITS + 1),
                            nn_reciprocal_of_one_plus_q0(below));
}

/* log(a) for a >= 1. The fraction is taken to the nearer of two ranges, half a power apart. */
static int32_t log_q5(int32_t a_q12) {
    const int32_t root_of_half = 1518500250, log_of_2 = 1488522236;
    const int32_t quarter_q6 = INT32_C(1) << (POWER_BITS - 2);
    const int32_t headroom = __builtin_clz((uint32_t)a_q12);
    const int32_t lower = nn_multiply_high(a_q12 << (headroom - 1), root_of_half);
    const int32_t first_q0 = shift_left_at_most(lower, 1);
    const int32_t first_power_q6 =
        (NN_SUM_INTEGER_BITS - headroom) * (INT32_C(1) << POWER_BITS) + quarter_q6;
    const int32_t half_headroom =
        __builtin_clz((uint32_t)nn_multiply_high(a_q12, root_of_half)) - 1;
    const int32_t second_q0 = shift_left_at_most(a_q12, half_headroom);
    const int32_t second_power_q6 =
        (NN_SUM_INTEGER_BITS - half_headroom) * (INT32_C(1) << POWER_BITS) - quarter_q6;
    const int32_t r_q0 = first_q0 < second_q0 ? first_q0 : second_q0;
    const int32_t power_q6 = first_power_q6 > second_power_q6 ? first_power_q6 : second_power_q6;
    return 2 * (nn_multiply_high(power_q6, log_of_2) + log_of_fraction_q6(r_q0));
}

static void log_softmax_row(const nn_log_softmax_params *params, const int8_t *input,
                            int8_t *output) {
    const nn_softmax_params *const p = &params->exponentials;
    const int32_t largest = nn_largest_of_row(p, input);
    const int32_t log_of_sum_q5 = log_q5(nn_sum_of_exponentials_q12(p, input, largest));
    /* Below these, the exponential is 0, or the difference from the logarithm is no int32_t. */
    const int32_t below = p->smallest_difference - 1;
    const int32_t not_held = nn_divide_by_power_of_two(
        nn_multiply_high(log_of_sum_q5 + INT32_MIN, params->inverse_multiplier),
        -params->inverse_shift);
    const int32_t too_small = below > not_held ? below : not_held;
    for (int32_t c = 0; c < p->classes; c++) {
        int32_t value = INT8_MIN;
        if (input[c] - largest > too_small) {
            const int32_t difference = input[c] - largest;
            const int32_t log = nn_scale_large(nn_shift_left(difference, p->shift), p->multiplier);
            value = nn_divide_by_power_of_two(log - log_of_sum_q5, OUTPUT_SHIFT);
            value = nn_clamp(value + OUTPUT_ZERO_POINT, INT8_MIN, INT8_MAX);
        }
        output[c] = (int8_t)value;
    }
}

void nn_log_softmax_s8(const nn_log_softmax_params *params, const int8_t *input, int8_t *output) {
    const int32_t classes = params->exponentials.classes;
    for (int32_t row = 0; row < params->exponentials.rows; row++) {
        log_softmax_row(params, input + row * classes, output + row * classes);
    }
}
