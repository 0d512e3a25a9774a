/** RESIZE_BILINEAR: each pixel is made from the four around its place in the input, int8. */
#ifndef NN_RESIZE_BILINEAR_H
#define NN_RESIZE_BILINEAR_H

#include "nn/ring.h"

/** Row y of the output lies at (start + y * step) / 1024 rows of the input; columns alike. */
typedef struct {
    nn_ring input, output;
    int32_t input_height, input_width, output_width, channels;
    int32_t start_height, step_height;
    int32_t start_width, step_width;
} nn_resize_bilinear_params;

/** Input and output must not overlap. */
void nn_resize_bilinear_s8(const nn_resize_bilinear_params *params, uint8_t *arena,
                           int32_t first_row, int32_t row_count);

#endif
