#include "nn/conv_2d.h"

#include "conv_pixels.h"
#include "gather.h"

void nn_conv_2d_s8(const nn_conv_2d_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count) {
    const nn_conv_2d_params *p = params;
    int16_t *const patches = (void *)(arena + p->scratch);
    int8_t *const bytes = (int8_t *)(patches + p->groups * NN_GROUP_VALUES);
    int8_t *output = nn_row_at(&p->output, arena, first_row);
    int32_t y = first_row, x = 0;
    nn_band band = nn_conv_2d_band(p, arena, y);
    for (int32_t left = row_count * p->output_width; left > 0; left -= NN_PATCHES) {
        const int32_t count = left < NN_PATCHES ? left : NN_PATCHES;
        for (int32_t i = 0; i < count; i++) {
            nn_gather(p, &band, x, patches + i * NN_PATCH_STEP, bytes);
            if (++x == p->output_width) {
                x = 0;
                band = nn_conv_2d_band(p, arena, ++y);
            }
        }
        nn_write_pixels(p, patches, 0, p->output_channels, count, output);
        output += NN_PATCHES * p->output_channels;
    }
}
