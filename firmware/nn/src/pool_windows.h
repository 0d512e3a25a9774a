/* Where the windows of a pooling lie in the image. */
#ifndef NN_POOL_WINDOWS_H
#define NN_POOL_WINDOWS_H

#include "nn/pool_2d.h"

/* The part of a window that lies inside the image: one pixel at least. */
typedef struct {
    const int8_t *first;
    int32_t rows, columns;
    int32_t step, row_step; /* bytes from one pixel to the next, from one row to the next */
} nn_window;

static inline int32_t nn_smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static inline int32_t nn_larger(int32_t a, int32_t b) { return a > b ? a : b; }

/* The window of the output's pixel (y, x). */
static inline nn_window nn_window_at(const nn_pool_2d_params *p, const int8_t *input, int32_t y,
                                     int32_t x) {
    const int32_t top = y * p->stride_height - p->padding_top;
    const int32_t left = x * p->stride_width - p->padding_left;
    const int32_t first_y = nn_larger(top, 0), first_x = nn_larger(left, 0);
    const nn_window window = {
        input + (first_y * p->input_width + first_x) * p->channels,
        nn_smaller(top + p->window_height, p->input_height) - first_y,
        nn_smaller(left + p->window_width, p->input_width) - first_x,
        p->channels,
        p->input_width * p->channels,
    };
    return window;
}

#endif
