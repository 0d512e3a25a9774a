#include "nn/fully_connected.h"

#include "nn/fixed_point.h"

void nn_fully_connected_s8(const nn_fully_connected_params *params, const int8_t *input,
                           int8_t *output) {
    const nn_fully_connected_params *p = params;
    const int8_t *weights = p->weights;
    for (int32_t row = 0; row < p->output_count; row++) {
        int32_t sum = p->biases[row];
        for (int32_t i = 0; i < p->input_count; i++) {
            sum += (weights[i] - p->weight_zero_point) * (input[i] - p->input_zero_point);
        }
        weights += p->input_count;
        const int32_t scaled =
            nn_rescale(sum, p->multipliers[row], p->shifts[row]) + p->output_zero_point;
        output[row] = (int8_t)nn_clamp(scaled, p->lowest, p->highest);
    }
}
