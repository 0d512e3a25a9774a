#include "nn/pad.h"

#include <stddef.h>
#include <string.h>

static uint8_t *fill(uint8_t *to, int32_t value, int32_t count) {
    memset(to, value, (size_t)count);
    return to + count;
}

void nn_pad_8(const nn_pad_params *params, uint8_t *arena, int32_t first_row, int32_t row_count) {
    const nn_pad_params *p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int32_t own = y - p->top;
        uint8_t *to = nn_row_at(&p->output, arena, y);
        if (own < 0 || own >= p->input_height) {
            (void)fill(to, p->value, p->output.row_bytes);
            continue;
        }
        to = fill(to, p->value, p->left_bytes);
        memcpy(to, nn_row_at(&p->input, arena, own), (size_t)p->input_row_bytes);
        (void)fill(to + p->input_row_bytes, p->value, p->right_bytes);
    }
}
