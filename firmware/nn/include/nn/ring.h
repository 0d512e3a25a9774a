/**
 * Where the rows of a tensor (h, w, c) lie in the arena: all of them, or the newest few in a ring.
 *
 * A kernel on rows makes rows [first_row, first_row + row_count) of its output: one row, or all of
 * them if each of its tensors is whole. Tensors of other than four dimensions are one row.
 */
#ifndef NN_RING_H
#define NN_RING_H

#include <stdint.h>

typedef struct {
    uint32_t offset;   /* of the ring in the arena, in bytes */
    int32_t rows;      /* of the ring; of the tensor if it is whole */
    int32_t row_bytes; /* from one row to the next */
} nn_ring;

/** Row y, 0 <= y: the rows of the ring are used again and again. */
static inline void *nn_row_at(const nn_ring *ring, uint8_t *arena, int32_t y) {
    return arena + ring->offset + (uint32_t)(y % ring->rows * ring->row_bytes);
}

#endif
