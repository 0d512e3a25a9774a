#include <math.h>

#include "matrix.h"

/* Limits before the conversion, which is undefined for what int32_t does not hold. */
static int8_t to_output(const nn_fully_connected_once_params *p, int32_t sum, float weight_scale) {
    const double factor = (double)p->input_scale * (double)weight_scale / (double)p->output_scale;
    const double scaled = round((double)sum * factor) + (double)p->output_zero_point;
    if (scaled <= (double)p->lowest) {
        return (int8_t)p->lowest;
    }
    return (int8_t)(scaled < (double)p->highest ? (int32_t)scaled : p->highest);
}

static void multiply(const nn_fully_connected_once_params *p, const int8_t *input, int8_t *output) {
    const int32_t offset = nn_matrix_offset(&p->sums, input);
    const float *weight_scale = p->weight_scales;
    int32_t sums[NN_ROWS];
    for (int32_t row = 0; row < p->sums.output_count; row += NN_ROWS) {
        const int32_t count = nn_matrix_sums(&p->sums, input, row, offset, sums);
        for (int32_t i = 0; i < count; i++) {
            *output++ = to_output(p, sums[i], *weight_scale);
            weight_scale += p->factor_step;
        }
    }
}

void nn_fully_connected_once_s8(const nn_fully_connected_once_params *params, const int8_t *input,
                                int8_t *output) {
    for (int32_t vector = 0; vector < params->sums.vectors; vector++) {
        multiply(params, input, output);
        input += params->sums.input_count;
        output += params->sums.output_count;
    }
}
