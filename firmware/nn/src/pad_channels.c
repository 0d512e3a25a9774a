#include "nn/pad_channels.h"

#include <stddef.h>
#include <string.h>

void nn_pad_channels_8(const nn_pad_channels_params *params, uint8_t *arena, int32_t first_row,
                       int32_t row_count) {
    const nn_pad_channels_params *p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int32_t own = y - p->top;
        uint8_t *to = nn_row_at(&p->output, arena, y);
        memset(to, p->value, (size_t)p->output.row_bytes);
        if (own < 0 || own >= p->input_height) {
            continue;
        }
        const uint8_t *from = nn_row_at(&p->input, arena, own);
        to += p->left * p->output_channels + p->first_channel;
        for (int32_t x = 0; x < p->input_width; x++) {
            memcpy(to, from, (size_t)p->input_channels);
            from += p->input_channels;
            to += p->output_channels;
        }
    }
}
