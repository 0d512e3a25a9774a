#include "nn/depthwise_conv_2d.h"

#include "depthwise.h"

void nn_depthwise_conv_2d_s8(const nn_depthwise_conv_2d_params *params, uint8_t *arena,
                             int32_t first_row, int32_t row_count) {
    const nn_spread plain = {1, 1, 1};
    nn_depthwise(params, plain, arena, first_row, row_count);
}
