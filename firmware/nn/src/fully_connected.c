#include "nn/fully_connected.h"

#include <math.h>

static int32_t dot(const nn_fully_connected_params *p, const int8_t *weights, const int8_t *input) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->input_count; i++) {
        sum += (weights[i] - p->weight_zero_point) * (input[i] - p->input_zero_point);
    }
    return sum;
}

/* Limits before the conversion, which is undefined for what int32_t does not hold. */
static int32_t to_output(const nn_fully_connected_params *p, int32_t sum, float weight_scale) {
    const double factor = (double)p->input_scale * (double)weight_scale / (double)p->output_scale;
    const double scaled = round((double)sum * factor) + (double)p->output_zero_point;
    if (scaled <= (double)p->lowest) {
        return p->lowest;
    }
    return scaled < (double)p->highest ? (int32_t)scaled : p->highest;
}

void nn_fully_connected_s8(const nn_fully_connected_params *params, const int8_t *input,
                           int8_t *output) {
    const nn_fully_connected_params *p = params;
    for (int32_t row = 0; row < p->output_count; row++) {
        const int32_t sum = p->biases[row] + dot(p, p->weights + row * p->input_count, input);
        output[row] = (int8_t)to_output(p, sum, p->weight_scales[row]);
    }
}
