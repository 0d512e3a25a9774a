/** MUL: product of two tensors, int8; the second may be a constant for each channel. */
#ifndef NN_MUL_H
#define NN_MUL_H

#include "nn/ring.h"

typedef struct {
    int32_t channels; /* elements of the second input, repeated; a divisor of what is multiplied */
    int32_t first_zero_point, second_zero_point, output_zero_point;
    int32_t multiplier, shift; /* scale of the first * of the second / of the output */
    int32_t lowest, highest;   /* limits of the output: type and fused activation */
    const int8_t *constant;    /* the second input; 0 for an activation */
} nn_mul_scaling;

typedef struct {
    nn_ring first, second, output; /* no second one if it is a constant; one row if repeated */
    int32_t row_elements;          /* of the first input and of the output */
    nn_mul_scaling scaling;
} nn_mul_params;

/** Multiplies by the constant. The output may overwrite the input in place. */
void nn_mul_constant_s8(const nn_mul_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

/** Multiplies two activations. The output may overwrite an input of its size in place. */
void nn_mul_s8(const nn_mul_params *params, uint8_t *arena, int32_t first_row, int32_t row_count);

#endif
