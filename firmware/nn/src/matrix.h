/* Sums of a matrix and a vector, a few rows at a time. */
#ifndef NN_MATRIX_H
#define NN_MATRIX_H

#include "nn/fully_connected.h"
#include "rows.h"

/* What the weights' zero point takes from every row. */
int32_t nn_matrix_offset(const nn_fully_connected_sums *params, const int8_t *input);

/* The sums of the rows from `row` on into `sums`: NN_ROWS, or what is left of them; gives how many.
 * `offset` is nn_matrix_offset. */
int32_t nn_matrix_sums(const nn_fully_connected_sums *params, const int8_t *input, int32_t row,
                       int32_t offset, int32_t sums[NN_ROWS]);

#endif
