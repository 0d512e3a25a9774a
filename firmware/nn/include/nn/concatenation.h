/** CONCATENATION and PACK: join tensors of the same scale. */
#ifndef NN_CONCATENATION_H
#define NN_CONCATENATION_H

#include "nn/ring.h"

typedef struct {
    const nn_ring *inputs; /* count of them; two may be of one tensor */
    nn_ring output;
    int32_t count;
    int32_t pieces;            /* in a row of each input */
    const int32_t *part_bytes; /* of one piece of each input */
} nn_concatenation_params;

/** A row of the output has one piece of each input, then the next of each. No overlap. */
void nn_concatenation_8(const nn_concatenation_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

#endif
