#include "nn/add.h"

#include "nn/fixed_point.h"

void nn_add_s8(const nn_add_params *params, const int8_t *first, const int8_t *second,
               int8_t *output) {
    const nn_add_params *p = params;
    for (int32_t start = 0; start < p->count; start += p->channels) {
        for (int32_t c = 0; c < p->channels; c++) {
            const int32_t a =
                nn_rescale(nn_shift_left(first[start + c] - p->first_zero_point, p->left_shift),
                           p->first_multiplier, p->first_shift);
            const int32_t b =
                nn_rescale(nn_shift_left(second[c] - p->second_zero_point, p->left_shift),
                           p->second_multiplier, p->second_shift);
            const int32_t scaled =
                nn_rescale(a + b, p->output_multiplier, p->output_shift) + p->output_zero_point;
            output[start + c] = (int8_t)nn_clamp(scaled, p->lowest, p->highest);
        }
    }
}

void nn_add_constant_s8(const nn_add_params *params, const int8_t *input, int8_t *output) {
    nn_add_s8(params, input, params->constant, output);
}
