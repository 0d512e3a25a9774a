/** CONCATENATION: joins two to four tensors of the same scale. */
#ifndef NN_CONCATENATION_H
#define NN_CONCATENATION_H

#include "nn/ring.h"

#define NN_CONCATENATION_MOST 4

typedef struct {
    nn_ring inputs[NN_CONCATENATION_MOST], output;
    int32_t count;                             /* of the inputs */
    int32_t pieces;                            /* in a row of each input */
    int32_t part_bytes[NN_CONCATENATION_MOST]; /* of one piece of each input */
} nn_concatenation_params;

/** A row of the output has one piece of each input, then the next of each. No overlap. */
void nn_concatenation_8(const nn_concatenation_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

#endif
