#include "nn/depthwise_conv_2d_taps.h"

#include "depthwise.h"

void nn_depthwise_conv_2d_taps_s8(const nn_depthwise_conv_2d_taps_params *params, uint8_t *arena,
                                  int32_t first_row, int32_t row_count) {
    const nn_spread spread = {params->dilation_height, params->dilation_width, params->multiplier};
    nn_depthwise(&params->depthwise, spread, arena, first_row, row_count);
}
