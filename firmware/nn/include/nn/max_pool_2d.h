/** MAX_POOL_2D: largest value of each window, int8; input and output have the same scale. */
#ifndef NN_MAX_POOL_2D_H
#define NN_MAX_POOL_2D_H

#include "nn/pool_2d.h"

/** Input and output must not overlap. */
void nn_max_pool_2d_s8(const nn_pool_2d_params *params, uint8_t *arena, int32_t first_row,
                       int32_t row_count);

#endif
