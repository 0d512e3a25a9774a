#include "nn/transpose_conv.h"

#include "conv_pixels.h"
#include "gather.h"

static void make_row(const nn_conv_2d_params *p, const nn_band *band, int32_t left_channels,
                     int16_t *patches, int8_t *output) {
    int8_t *const bytes = (int8_t *)(patches + p->groups * NN_GROUP_VALUES);
    int32_t x = 0;
    while (x < p->output_width) {
        const int32_t left = p->output_width - x;
        const int32_t count = left < NN_PATCHES ? left : NN_PATCHES;
        for (int32_t i = 0; i < count; i++) {
            nn_gather(p, band, x++, patches + i * NN_PATCH_STEP, bytes);
        }
        nn_write_pixels(p, patches, 0, p->output_channels, count, output);
        output += count * p->output_channels;
    }
    if (left_channels > 0) {
        nn_gather(p, band, x, patches, bytes);
        nn_write_pixels(p, patches, 0, left_channels, 1, output);
    }
}

void nn_transpose_conv_s8(const nn_transpose_conv_params *params, uint8_t *arena, int32_t first_row,
                          int32_t row_count) {
    nn_conv_2d_params own = params->conv;
    int16_t *const patches = (void *)(arena + own.scratch);
    const int32_t set_bytes = own.output_channels * own.groups * NN_GROUP;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int32_t place = y + params->padding_top, set = place % params->stride_height;
        const int32_t top = place / params->stride_height - own.padding_top;
        const nn_band band =
            nn_band_at(&own.input, arena, own.input_height, top, own.kernel_height);
        own.weights = params->conv.weights + set * set_bytes;
        own.biases = params->conv.biases + set * own.output_channels;
        make_row(&own, &band, params->left_channels, patches, nn_row_at(&own.output, arena, y));
    }
}
