/** PRELU: a slope for each channel below zero, int8. */
#ifndef NN_PRELU_H
#define NN_PRELU_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t row_elements;
    int32_t channels; /* slopes; a divisor of row_elements */
    int32_t input_zero_point, slope_zero_point, output_zero_point;
    int32_t above_multiplier, above_shift; /* scale of the input / of the output */
    int32_t below_multiplier, below_shift; /* that, * scale of the slopes */
    const int8_t *slopes;
} nn_prelu_params;

/** The output may overwrite the input in place. */
void nn_prelu_s8(const nn_prelu_params *params, uint8_t *arena, int32_t first_row,
                 int32_t row_count);

#endif
