/* Convolutions with a square kernel of odd size, stride 1 and padding, of one group of images. */
#ifndef CONVOLUTION_H
#define CONVOLUTION_H

#include "lanes.h"

/* Weights [size][size][input channels][output channels], as Keras stores them. */
void convolve(shape in, int32_t size, int32_t out_channels, const lanes *input,
              const float *weights, const float *biases, lanes *output);

/* Weights of the convolution that carries gradients back: turned around, channels exchanged. */
void turn_weights(int32_t size, int32_t in_channels, int32_t out_channels, const float *weights,
                  float *turned);

/* Add the gradients of the weights, laid out as they are, each still in lanes. */
void add_weight_gradients(shape in, int32_t size, int32_t out_channels, const lanes *input,
                          const lanes *output_gradients, lanes *weight_gradients);

/* One weight for each channel of each tap: [size][size][channels]. */
void convolve_depthwise(shape in, int32_t size, const lanes *input, const float *weights,
                        const float *biases, lanes *output);
void add_depthwise_weight_gradients(shape in, int32_t size, const lanes *input,
                                    const lanes *output_gradients, lanes *weight_gradients);

#endif
