/**
 * Bytes in another order: SLICE, STRIDED_SLICE, SPLIT, UNPACK, TRANSPOSE, TILE, and what moves
 * blocks of pixels into channels and back.
 */
#ifndef NN_MOVE_H
#define NN_MOVE_H

#include "nn/ring.h"

#define NN_MOVE_LOOPS 5

typedef struct {
    nn_ring input, output;
    int32_t first_row, row_step; /* row y of the output is made from row first_row + y * row_step */
    int32_t offset;              /* of the first byte in that row */
    int32_t run_bytes;           /* neighbours that stay neighbours */
    int32_t counts[NN_MOVE_LOOPS], steps[NN_MOVE_LOOPS]; /* loops over runs, the outermost first:
                                                            rounds, and bytes from one to the next
                                                            in the input */
} nn_move_params;

/** Writes the runs one after another. Input and output must not overlap. */
void nn_move_8(const nn_move_params *params, uint8_t *arena, int32_t first_row, int32_t row_count);

#endif
