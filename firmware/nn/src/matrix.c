#include "matrix.h"

int32_t nn_matrix_offset(const nn_fully_connected_sums *params, const int8_t *input) {
    int32_t sum = 0;
    if (params->weight_zero_point != 0) {
        for (int32_t i = 0; i < params->input_count; i++) {
            sum += input[i];
        }
    }
    return sum * params->weight_zero_point;
}

int32_t nn_matrix_sums(const nn_fully_connected_sums *params, const int8_t *input, int32_t row,
                       int32_t offset, int32_t sums[NN_ROWS]) {
    const int32_t count = params->input_count, left = params->output_count - row;
    const int8_t *const weights = params->weights + row * count;
    const int32_t *const biases = params->biases + row;
    if (left >= NN_ROWS) {
        const nn_row_sums first = {biases[0] - offset, biases[1] - offset, biases[2] - offset,
                                   biases[3] - offset};
        const nn_row_sums all = nn_dot_rows(first, input, weights, count);
        sums[0] = all.a;
        sums[1] = all.b;
        sums[2] = all.c;
        sums[3] = all.d;
        return NN_ROWS;
    }
    for (int32_t i = 0; i < left; i++) {
        sums[i] = nn_dot_row(biases[i] - offset, input, weights + i * count, count);
    }
    return left;
}
