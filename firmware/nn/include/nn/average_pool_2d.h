/** AVERAGE_POOL_2D: rounded mean of a window, int8; input and output have the same scale. */
#ifndef NN_AVERAGE_POOL_2D_H
#define NN_AVERAGE_POOL_2D_H

#include <stdint.h>

typedef struct {
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t channels;
    int32_t window_height, window_width;
    int32_t stride_height, stride_width;
    int32_t padding_top, padding_left; /* rows and columns that are left out of the mean */
    int32_t lowest, highest;           /* limits of the output: type and fused activation */
} nn_average_pool_2d_params;

/** Input and output must not overlap. */
void nn_average_pool_2d_s8(const nn_average_pool_2d_params *params, const int8_t *input,
                           int8_t *output);

#endif
