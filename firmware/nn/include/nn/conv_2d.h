/** CONV_2D: two-dimensional convolution, int8, one scale for each output channel. */
#ifndef NN_CONV_2D_H
#define NN_CONV_2D_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    uint32_t scratch;                                     /* offset in the arena */
    int32_t input_height, input_width, input_channels;    /* input is (h, w, c) */
    int32_t output_height, output_width, output_channels; /* output is (h, w, c) */
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t padding_top, padding_left; /* rows and columns filled with the zero point */
    int32_t groups;                    /* kernel_height * kernel_width * input_channels / 4, up */
    int32_t input_zero_point, output_zero_point;
    int32_t lowest, highest;    /* limits of the output: type and fused activation */
    const int8_t *weights;      /* (output_channels, 4 * groups): (h, w, c), then zeros */
    const int32_t *biases;      /* (output_channels), minus zero point * sum of the weights */
    const int32_t *multipliers; /* (output_channels), Q0.31, not negative */
    const int8_t *shifts;       /* (output_channels), see nn_rescale */
} nn_conv_2d_params;

/** Scratch bytes of a convolution: four patches in 16 bits, and one row of bytes. */
#define NN_CONV_2D_SCRATCH_BYTES(groups) ((groups)*36)

/**
 * Pixels are written in the order of their addresses. Each is written after the input for it and
 * for the pixels before it was read. So the output may overlap the input by a limited distance.
 */
void nn_conv_2d_s8(const nn_conv_2d_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count);

#endif
