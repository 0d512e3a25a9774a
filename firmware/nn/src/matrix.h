/* Sums of a matrix and a vector, a few rows at a time. */
#ifndef NN_MATRIX_H
#define NN_MATRIX_H

#include "nn/fully_connected.h"
#include "rows.h"

/* The part of every sum that comes from the zero point of the weights. */
int32_t nn_matrix_offset(const nn_fully_connected_sums *params, const int8_t *input);

/* Writes the sums of NN_ROWS rows, or of the remaining ones, from `row` on. Returns their number.
 * `offset` is nn_matrix_offset. */
int32_t nn_matrix_sums(const nn_fully_connected_sums *params, const int8_t *input, int32_t row,
                       int32_t offset, int32_t sums[NN_ROWS]);

#endif
