/** DEPTHWISE_CONV_2D: one kernel and one output channel for each input channel, int8. */
#ifndef NN_DEPTHWISE_CONV_2D_H
#define NN_DEPTHWISE_CONV_2D_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    uint32_t scratch;                            /* offset in the arena */
    int32_t input_height, input_width, channels; /* input is (h, w, c) */
    int32_t output_height, output_width;         /* output is (h, w, c) */
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t padding_top, padding_left; /* rows and columns filled with the zero point */
    int32_t input_zero_point, output_zero_point;
    int32_t lowest, highest;    /* limits of the output: type and fused activation */
    const int8_t *weights;      /* (channels / 4, kernel h, kernel w, 4), then (rest, h, w) */
    const int32_t *biases;      /* (channels), minus zero point * sum of the weights */
    const int32_t *multipliers; /* (channels), Q0.31, not negative */
    const int8_t *shifts;       /* (channels), see nn_rescale */
} nn_depthwise_conv_2d_params;

/** Scratch bytes: the offset of each of the kernel's taps, and a pixel of zero points. */
#define NN_DEPTHWISE_CONV_2D_SCRATCH_BYTES(taps, channels) ((taps)*4 + (channels))

/**
 * Pixels are written in the order of their addresses, channel by channel, while they are read. The
 * output may overlap the input if no byte is written before the input at this address was used.
 */
void nn_depthwise_conv_2d_s8(const nn_depthwise_conv_2d_params *params, uint8_t *arena,
                             int32_t first_row, int32_t row_count);

#endif
