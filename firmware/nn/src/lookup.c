#include "nn/lookup.h"

static void write_row(const nn_lookup_params *params, const uint8_t *from, uint8_t *to) {
    for (int32_t left = params->row_elements; left > 0; left -= params->channels) {
        const uint8_t *table = params->table;
        for (int32_t c = 0; c < params->channels; c++) {
            *to++ = table[*from++];
            table += 256;
        }
    }
}

void nn_lookup_8(const nn_lookup_params *params, uint8_t *arena, int32_t first_row,
                 int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        write_row(params, nn_row_at(&params->input, arena, y),
                  nn_row_at(&params->output, arena, y));
    }
}
