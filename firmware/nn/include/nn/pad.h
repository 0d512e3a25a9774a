/** PAD: rows and columns of one value around an image. */
#ifndef NN_PAD_H
#define NN_PAD_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t input_height, input_row_bytes; /* a row has width * channels bytes */
    int32_t top;                           /* rows before the image */
    int32_t left_bytes, right_bytes;       /* before and after each row of it */
    int32_t value;                         /* of the padding, as stored */
} nn_pad_params;

/** Input and output must not overlap. */
void nn_pad_8(const nn_pad_params *params, uint8_t *arena, int32_t first_row, int32_t row_count);

#endif
