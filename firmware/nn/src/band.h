/* The rows of an image under a window, for one row of the output. They may lie in a ring. */
#ifndef NN_BAND_H
#define NN_BAND_H

#include "nn/ring.h"

typedef struct {
    const int8_t *first; /* the first row that lies inside the image */
    const int8_t *end;   /* the first byte after the ring */
    int32_t above, rows; /* rows of the window above the image, and inside it */
    int32_t step;        /* bytes from one row of the window to the next */
    int32_t ring_bytes;
} nn_band;

/* The band of a window of `height` rows from `top` on over an image of `image_height` rows. */
nn_band nn_band_at(const nn_ring *image, uint8_t *arena, int32_t image_height, int32_t top,
                   int32_t height);

/* The band of every `dilation`-th row of a window: `above` and `rows` count only those. */
nn_band nn_dilated_band_at(const nn_ring *image, uint8_t *arena, int32_t image_height, int32_t top,
                           int32_t height, int32_t dilation);

/* The row after one, at the same column of at most row_bytes - 1 bytes. */
static inline const int8_t *nn_next_row(const nn_band *band, const int8_t *row) {
    row += band->step;
    return row < band->end ? row : row - band->ring_bytes;
}

#endif
