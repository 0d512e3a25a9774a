/* Convolutions of one group of images. The input is padded with zeros. */
#ifndef CONVOLUTION_H
#define CONVOLUTION_H

#include "lanes.h"
#include "window.h"

/* Shapes of a convolution. A depthwise convolution has as many output as input channels. */
typedef struct {
    axis rows, columns;
    int32_t in_channels, out_channels;
} kernels;

static inline int32_t taps_in(const kernels *k) { return k->rows.kernel * k->columns.kernel; }

/* Forward pass. Weights are [rows][columns][input channels][output channels], as in Keras. */
void convolve(const kernels *k, const lanes *input, const float *weights, const float *biases,
              lanes *output);

/* Arrange the weights for the backward pass: sorted by phase, rows and columns reversed, input and
 * output channels exchanged. */
void turn_weights(const kernels *k, const float *weights, float *turned);

/* Compute the gradients of the input from those of the output. */
void carry_back(const kernels *k, const lanes *output_gradients, const float *turned,
                lanes *input_gradients);

/* Add the gradients of the weights, in the layout of the weights. The lanes are not yet summed. */
void add_weight_gradients(const kernels *k, const lanes *input, const lanes *output_gradients,
                          lanes *weight_gradients);

/* The same for a depthwise convolution. Weights are [rows][columns][channels]. */
void convolve_depthwise(const kernels *k, const lanes *input, const float *weights,
                        const float *biases, lanes *output);
void turn_depthwise_weights(const kernels *k, const float *weights, float *turned);
void carry_depthwise_back(const kernels *k, const lanes *output_gradients, const float *turned,
                          lanes *input_gradients);
void add_depthwise_weight_gradients(const kernels *k, const lanes *input,
                                    const lanes *output_gradients, lanes *weight_gradients);

#endif
