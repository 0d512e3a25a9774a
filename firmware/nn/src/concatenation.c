#include "nn/concatenation.h"

#include <stddef.h>
#include <string.h>

static void write_row(const nn_concatenation_params *p, uint8_t *arena, int32_t y) {
    uint8_t *first = nn_row_at(&p->output, arena, y);
    int32_t step = 0;
    for (int32_t i = 0; i < p->count; i++) {
        step += p->part_bytes[i];
    }
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t bytes = p->part_bytes[i];
        const uint8_t *from = nn_row_at(&p->inputs[i], arena, y);
        uint8_t *to = first;
        for (int32_t piece = 0; piece < p->pieces; piece++) {
            memcpy(to, from, (size_t)bytes);
            to += step;
            from += bytes;
        }
        first += bytes;
    }
}

void nn_concatenation_8(const nn_concatenation_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        write_row(params, arena, y);
    }
}
