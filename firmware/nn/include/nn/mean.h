/** MEAN over height and width: global average pooling, int8. */
#ifndef NN_MEAN_H
#define NN_MEAN_H

#include <stdint.h>

typedef struct {
    int32_t pixels, channels; /* input is (h, w, c) with h * w = pixels; output is (c) */
    int32_t input_zero_point, output_zero_point;
    int32_t multiplier, shift; /* scale of the input / of the output / pixels */
} nn_mean_params;

/** Input and output must not overlap. */
void nn_mean_s8(const nn_mean_params *params, const int8_t *input, int8_t *output);

#endif
