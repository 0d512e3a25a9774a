/** PAD with channels of one value beside those of each pixel, and rows and columns around. */
#ifndef NN_PAD_CHANNELS_H
#define NN_PAD_CHANNELS_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t input_height, input_width, input_channels;
    int32_t output_channels;
    int32_t top, left;     /* rows before the image, columns before each row of it */
    int32_t first_channel; /* of the output: where those of the image begin */
    int32_t value;         /* of the padding, as stored */
} nn_pad_channels_params;

/** Input and output must not overlap. */
void nn_pad_channels_8(const nn_pad_channels_params *params, uint8_t *arena, int32_t first_row,
                       int32_t row_count);

#endif
