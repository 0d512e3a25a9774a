/** CONV_2D with dilation or with groups of channels, int8. */
#ifndef NN_CONV_2D_TAPS_H
#define NN_CONV_2D_TAPS_H

#include "nn/conv_2d.h"

/**
 * The channels of input and output are divided into `parts` of equal size, and each part of the
 * output is a convolution of the same part of the input.
 */
typedef struct {
    nn_conv_2d_params conv;                  /* `groups` are those of a patch of one part */
    int32_t dilation_height, dilation_width; /* rows and columns from one tap to the next */
    int32_t parts;
} nn_conv_2d_taps_params;

/** Scratch: NN_CONV_2D_SCRATCH_BYTES(parts * groups). Overlaps like nn_conv_2d_s8. */
void nn_conv_2d_taps_s8(const nn_conv_2d_taps_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

#endif
