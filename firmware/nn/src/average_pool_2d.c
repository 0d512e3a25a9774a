#include "nn/average_pool_2d.h"

#include "nn/fixed_point.h"

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

/* The mean of one channel in the part of a window that lies inside the input, ties away from 0. */
static int32_t window_mean(const nn_average_pool_2d_params *p, const int8_t *channel, int32_t top,
                           int32_t left) {
    const int32_t bottom = smaller(top + p->window_height, p->input_height);
    const int32_t right = smaller(left + p->window_width, p->input_width);
    const int32_t first_y = larger(top, 0), first_x = larger(left, 0);
    const int32_t count = (bottom - first_y) * (right - first_x);
    int32_t sum = 0;
    for (int32_t y = first_y; y < bottom; y++) {
        for (int32_t x = first_x; x < right; x++) {
            sum += channel[(y * p->input_width + x) * p->channels];
        }
    }
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

void nn_average_pool_2d_s8(const nn_average_pool_2d_params *params, const int8_t *input,
                           int8_t *output) {
    const nn_average_pool_2d_params *p = params;
    for (int32_t y = 0; y < p->output_height; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            for (int32_t c = 0; c < p->channels; c++) {
                const int32_t mean =
                    window_mean(p, input + c, y * p->stride_height - p->padding_top,
                                x * p->stride_width - p->padding_left);
                *output++ = (int8_t)nn_clamp(mean, p->lowest, p->highest);
            }
        }
    }
}
