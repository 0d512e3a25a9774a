/** Parameters of pooling: positions of the windows, and limits of the output. */
#ifndef NN_POOL_2D_H
#define NN_POOL_2D_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t input_height, input_width;   /* input is (h, w, c) */
    int32_t output_height, output_width; /* output is (h, w, c) */
    int32_t channels;
    int32_t window_height, window_width;
    int32_t stride_height, stride_width;
    int32_t padding_top, padding_left; /* rows and columns that are ignored */
    int32_t lowest, highest;           /* limits of the output: type and fused activation */
} nn_pool_2d_params;

#endif
