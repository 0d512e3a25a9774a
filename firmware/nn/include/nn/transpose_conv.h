/**
 * TRANSPOSE_CONV: each pixel of the input adds a kernel's weights to the output, int8.
 *
 * As many neighbouring pixels of the output as the stride is wide are made from one patch of the
 * input: a convolution whose output has their channels side by side. Rows of the output take turns
 * with as many sets of weights as the stride is high.
 */
#ifndef NN_TRANSPOSE_CONV_H
#define NN_TRANSPOSE_CONV_H

#include "nn/conv_2d.h"

typedef struct {
    /* The convolution for a row of the output: kernel and padding in pixels of the input, a stride
     * of 1, output channels of all pixels that one patch gives. Its weights and biases are those of
     * the first set; the others follow. */
    nn_conv_2d_params conv;
    int32_t stride_height; /* of the transposed convolution: sets of weights */
    int32_t padding_top;   /* of the transposed convolution, in rows of the output */
    int32_t left_channels; /* of a row's last pixels, if they are fewer than one patch gives */
} nn_transpose_conv_params;

/** Scratch: as nn_conv_2d_s8. Input and output must not overlap. */
void nn_transpose_conv_s8(const nn_transpose_conv_params *params, uint8_t *arena, int32_t first_row,
                          int32_t row_count);

#endif
