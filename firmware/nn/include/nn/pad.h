/** PAD: rows and columns of one value around an image. */
#ifndef NN_PAD_H
#define NN_PAD_H

#include <stdint.h>

typedef struct {
    int32_t input_height;
    int32_t input_row_bytes;         /* width * channels */
    int32_t top_bytes, bottom_bytes; /* whole rows before and after the image */
    int32_t left_bytes, right_bytes; /* before and after each row of it */
    int32_t value;                   /* of the padding, as stored */
} nn_pad_params;

/** Input and output must not overlap. */
void nn_pad_8(const nn_pad_params *params, const void *input, void *output);

#endif
