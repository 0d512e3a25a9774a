/** DEPTHWISE_CONV_2D with dilation or with several output channels for each input channel, int8. */
#ifndef NN_DEPTHWISE_CONV_2D_TAPS_H
#define NN_DEPTHWISE_CONV_2D_TAPS_H

#include "nn/depthwise_conv_2d.h"

/**
 * Channel c of the input gives channels c * multiplier up to (c + 1) * multiplier - 1 of the
 * output, in the file's order. Here, the weights, biases, multipliers and shifts of the first
 * output of every channel come first, then those of the second one, and so on; each as if it were
 * all.
 */
typedef struct {
    nn_depthwise_conv_2d_params depthwise;   /* scratch as for a multiplier of 1 */
    int32_t dilation_height, dilation_width; /* rows and columns from one tap to the next */
    int32_t multiplier;                      /* output channels of each input channel */
} nn_depthwise_conv_2d_taps_params;

/** The output may overlap the input like that of nn_depthwise_conv_2d_s8. */
void nn_depthwise_conv_2d_taps_s8(const nn_depthwise_conv_2d_taps_params *params, uint8_t *arena,
                                  int32_t first_row, int32_t row_count);

#endif
