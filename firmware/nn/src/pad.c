#include "nn/pad.h"

#include <stddef.h>
#include <string.h>

static uint8_t *fill(uint8_t *to, int32_t value, int32_t count) {
    memset(to, value, (size_t)count);
    return to + count;
}

void nn_pad_8(const nn_pad_params *params, const void *input, void *output) {
    const uint8_t *from = input;
    uint8_t *to = fill(output, params->value, params->top_bytes);
    for (int32_t row = 0; row < params->input_height; row++) {
        to = fill(to, params->value, params->left_bytes);
        memcpy(to, from, (size_t)params->input_row_bytes);
        to = fill(to + params->input_row_bytes, params->value, params->right_bytes);
        from += params->input_row_bytes;
    }
    (void)fill(to, params->value, params->bottom_bytes);
}
