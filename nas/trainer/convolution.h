/* Convolutions of one group of images, whose input is padded with zeros. */
#ifndef CONVOLUTION_H
#define CONVOLUTION_H

#include "lanes.h"
#include "window.h"

/* Shapes of a convolution; a depthwise one gives as many channels as it reads. */
typedef struct {
    axis rows, columns;
    int32_t in_channels, out_channels;
} kernels;

static inline int32_t taps_in(const kernels *k) { return k->rows.kernel * k->columns.kernel; }

/* Weights [rows][columns][input channels][output channels], as Keras stores them. */
void convolve(const kernels *k, const lanes *input, const float *weights, const float *biases,
              lanes *output);

/* Weights as gradients are carried back with: phase by phase, rows and columns turned around,
 * channels exchanged. */
void turn_weights(const kernels *k, const float *weights, float *turned);

/* From the gradients of the output to those of the input. */
void carry_back(const kernels *k, const lanes *output_gradients, const float *turned,
                lanes *input_gradients);

/* Add the gradients of the weights, laid out as they are, each still in lanes. */
void add_weight_gradients(const kernels *k, const lanes *input, const lanes *output_gradients,
                          lanes *weight_gradients);

/* The same for one weight for each channel of each tap: [rows][columns][channels]. */
void convolve_depthwise(const kernels *k, const lanes *input, const float *weights,
                        const float *biases, lanes *output);
void turn_depthwise_weights(const kernels *k, const float *weights, float *turned);
void carry_depthwise_back(const kernels *k, const lanes *output_gradients, const float *turned,
                          lanes *input_gradients);
void add_depthwise_weight_gradients(const kernels *k, const lanes *input,
                                    const lanes *output_gradients, lanes *weight_gradients);

#endif
