#include "nn/mean.h"

#include "nn/fixed_point.h"

void nn_mean_s8(const nn_mean_params *params, const int8_t *input, int8_t *output) {
    const nn_mean_params *p = params;
    for (int32_t c = 0; c < p->channels; c++) {
        int32_t sum = -p->input_zero_point * p->pixels;
        for (int32_t i = 0; i < p->pixels; i++) {
            sum += input[i * p->channels + c];
        }
        const int32_t scaled = nn_rescale(sum, p->multiplier, p->shift) + p->output_zero_point;
        output[c] = (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
    }
}
