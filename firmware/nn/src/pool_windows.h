/* Where the windows of a pooling lie in the image. */
#ifndef NN_POOL_WINDOWS_H
#define NN_POOL_WINDOWS_H

#include "band.h"
#include "nn/pool_2d.h"

/* The part of a window that lies inside the image: one pixel at least. */
typedef struct {
    const int8_t *first;
    int32_t rows, columns;
    int32_t step;        /* bytes from one pixel to the next */
    const nn_band *band; /* how to get from one row to the next */
} nn_window;

static inline int32_t nn_smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static inline int32_t nn_larger(int32_t a, int32_t b) { return a > b ? a : b; }

/* The rows of the image under the windows of row `y` of the output. */
static inline nn_band nn_pool_2d_band(const nn_pool_2d_params *p, uint8_t *arena, int32_t y) {
    return nn_band_at(&p->input, arena, p->input_height, y * p->stride_height - p->padding_top,
                      p->window_height);
}

/* The window of pixel `x` of the output's row. */
static inline nn_window nn_window_at(const nn_pool_2d_params *p, const nn_band *band, int32_t x) {
    const int32_t left = x * p->stride_width - p->padding_left;
    const int32_t first_x = nn_larger(left, 0);
    const nn_window window = {
        band->first + first_x * p->channels,
        band->rows,
        nn_smaller(left + p->window_width, p->input_width) - first_x,
        p->channels,
        band,
    };
    return window;
}

#endif
