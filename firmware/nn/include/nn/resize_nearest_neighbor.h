/** RESIZE_NEAREST_NEIGHBOR: each pixel is a copy of one of the input, 8 bits. */
#ifndef NN_RESIZE_NEAREST_NEIGHBOR_H
#define NN_RESIZE_NEAREST_NEIGHBOR_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t output_width, channels;
    const uint16_t *rows;    /* of the input, for each row of the output; ascending */
    const uint16_t *columns; /* of the input, for each column of the output */
} nn_resize_nearest_neighbor_params;

/** Input and output must not overlap. */
void nn_resize_nearest_neighbor_8(const nn_resize_nearest_neighbor_params *params, uint8_t *arena,
                                  int32_t first_row, int32_t row_count);

#endif
