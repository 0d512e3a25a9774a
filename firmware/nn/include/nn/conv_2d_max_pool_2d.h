/**
 * CONV_2D, then MAX_POOL_2D with a window of 2 x 2 and a stride of 2, then optionally a MUL and an
 * ADD of constants, in one pass: a cell of a network with unfolded batch normalisation.
 *
 * Scaling is monotonic, so the largest of four sums is found before it is scaled. The result is
 * bit-exact with the four operators, one after another.
 */
#ifndef NN_CONV_2D_MAX_POOL_2D_H
#define NN_CONV_2D_MAX_POOL_2D_H

#include <stdint.h>

#include "nn/add.h"
#include "nn/conv_2d.h"
#include "nn/mul.h"

typedef struct {
    nn_conv_2d_params conv;              /* but its output: that of all together */
    int32_t pooled_height, pooled_width; /* of the output: (h, w, channels) */
    nn_mul_scaling mul;                  /* in place; used if mul.constant is not 0 */
    nn_add_scaling add;                  /* in place; used if add.addends is not 0 */
} nn_conv_2d_max_pool_2d_params;

/** Like nn_conv_2d_s8: writes in the order of addresses, each pixel after its input was read. */
void nn_conv_2d_max_pool_2d_s8(const nn_conv_2d_max_pool_2d_params *params, uint8_t *arena,
                               int32_t first_row, int32_t row_count);

#endif
