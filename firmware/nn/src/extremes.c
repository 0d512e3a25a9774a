#include "nn/extremes.h"

#include <stddef.h>

static const int8_t *second_of(const nn_extreme_params *p, uint8_t *arena, int32_t y) {
    return p->constant != NULL ? p->constant : nn_row_at(&p->second, arena, y);
}

void nn_maximum_s8(const nn_extreme_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count) {
    const nn_extreme_params *const p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *first = nn_row_at(&p->first, arena, y);
        const int8_t *const second = second_of(p, arena, y);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t left = p->row_elements; left > 0; left -= p->channels) {
            for (int32_t c = 0; c < p->channels; c++) {
                const int8_t one = *first++, other = second[c];
                *output++ = one > other ? one : other;
            }
        }
    }
}

void nn_minimum_s8(const nn_extreme_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count) {
    const nn_extreme_params *const p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *first = nn_row_at(&p->first, arena, y);
        const int8_t *const second = second_of(p, arena, y);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t left = p->row_elements; left > 0; left -= p->channels) {
            for (int32_t c = 0; c < p->channels; c++) {
                const int8_t one = *first++, other = second[c];
                *output++ = one < other ? one : other;
            }
        }
    }
}
