/** A chain of element-wise operators, as one table for each channel. */
#ifndef NN_LOOKUP_H
#define NN_LOOKUP_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t row_elements;
    int32_t channels;     /* tables; a divisor of row_elements */
    const uint8_t *table; /* (channels, 256): the output's byte for each byte of the input */
} nn_lookup_params;

/** The output may overwrite the input in place. */
void nn_lookup_8(const nn_lookup_params *params, uint8_t *arena, int32_t first_row,
                 int32_t row_count);

#endif
