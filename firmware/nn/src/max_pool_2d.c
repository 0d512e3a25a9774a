#include "nn/max_pool_2d.h"

#include "nn/fixed_point.h"

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

/* The largest value of one channel in the part of a window that lies inside the input. */
static int32_t window_maximum(const nn_max_pool_2d_params *p, const int8_t *channel, int32_t top,
                              int32_t left) {
    const int32_t bottom = smaller(top + p->window_height, p->input_height);
    const int32_t right = smaller(left + p->window_width, p->input_width);
    int32_t maximum = INT8_MIN;
    for (int32_t y = larger(top, 0); y < bottom; y++) {
        for (int32_t x = larger(left, 0); x < right; x++) {
            maximum = larger(maximum, channel[(y * p->input_width + x) * p->channels]);
        }
    }
    return maximum;
}

void nn_max_pool_2d_s8(const nn_max_pool_2d_params *params, const int8_t *input, int8_t *output) {
    const nn_max_pool_2d_params *p = params;
    for (int32_t y = 0; y < p->output_height; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            for (int32_t c = 0; c < p->channels; c++) {
                const int32_t maximum =
                    window_maximum(p, input + c, y * p->stride_height - p->padding_top,
                                   x * p->stride_width - p->padding_left);
                *output++ = (int8_t)nn_clamp(maximum, p->lowest, p->highest);
            }
        }
    }
}
