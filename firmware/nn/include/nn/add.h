/**
 * ADD: sum of two tensors, int8; the second may be a constant for each channel.
 *
 * SUB is the same with a negative multiplier for the tensor that is subtracted.
 */
#ifndef NN_ADD_H
#define NN_ADD_H

#include "nn/ring.h"

typedef struct {
    int32_t channels; /* elements of the second input, repeated; a divisor of what is added */
    int32_t first_zero_point, second_zero_point, output_zero_point;
    int32_t left_shift;                    /* headroom that both inputs get before scaling */
    int32_t first_multiplier, first_shift; /* to twice the larger scale of the inputs */
    int32_t second_multiplier, second_shift;
    int32_t output_multiplier, output_shift; /* from there to the scale of the output */
    int32_t lowest, highest;                 /* limits of the output: type and fused activation */
    const int32_t *addends; /* a constant second input, scaled; 0 for an activation */
} nn_add_scaling;

typedef struct {
    nn_ring first, second, output; /* no second one if it is a constant; one row if repeated */
    int32_t row_elements;          /* of the first input and of the output */
    nn_add_scaling scaling;
} nn_add_params;

/** Adds the constant. The output may overwrite the input in place. */
void nn_add_constant_s8(const nn_add_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

/** Adds two activations. The output may overwrite an input of its size in place. */
void nn_add_s8(const nn_add_params *params, uint8_t *arena, int32_t first_row, int32_t row_count);

#endif
