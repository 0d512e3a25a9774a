#include "matrix.h"
#include "scale_sums.h"

static void multiply(const nn_fully_connected_params *p, const int8_t *input, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t offset = nn_matrix_offset(&p->sums, input), step = p->factor_step;
    const int32_t *multiplier = p->multipliers;
    const int8_t *shift = p->shifts;
    int32_t sums[NN_ROWS];
    for (int32_t row = 0; row < p->sums.output_count; row += NN_ROWS) {
        const int32_t count = nn_matrix_sums(&p->sums, input, row, offset, sums);
        for (int32_t i = 0; i < count; i++) {
            *output++ = nn_scale_sum(range, sums[i], *multiplier, *shift);
            multiplier += step;
            shift += step;
        }
    }
}

void nn_fully_connected_s8(const nn_fully_connected_params *params, const int8_t *input,
                           int8_t *output) {
    for (int32_t vector = 0; vector < params->sums.vectors; vector++) {
        multiply(params, input, output);
        input += params->sums.input_count;
        output += params->sums.output_count;
    }
}
