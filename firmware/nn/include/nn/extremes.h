/** MAXIMUM and MINIMUM of two tensors of one scale, int8; the second may be a constant. */
#ifndef NN_EXTREMES_H
#define NN_EXTREMES_H

#include "nn/ring.h"

typedef struct {
    nn_ring first, second, output; /* no second one if it is a constant; one row if repeated */
    int32_t row_elements;          /* of the first input and of the output */
    int32_t channels;       /* elements of the second input, repeated; a divisor of row_elements */
    const int8_t *constant; /* the second input; 0 for an activation */
} nn_extreme_params;

/** The larger element of each two. The output may overwrite an input of its size in place. */
void nn_maximum_s8(const nn_extreme_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count);

/** The smaller element of each two. The output may overwrite an input of its size in place. */
void nn_minimum_s8(const nn_extreme_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count);

#endif
