#include "nn/extremes.h"

#include <stddef.h>

typedef int8_t (*choosing)(int8_t one, int8_t other);

static inline int8_t larger(int8_t one, int8_t other) { return one > other ? one : other; }

static inline int8_t smaller(int8_t one, int8_t other) { return one < other ? one : other; }

/* Made once for each choice, which is then no call. */
static inline __attribute__((always_inline)) void choose_each(const nn_extreme_params *p,
                                                              uint8_t *arena, int32_t first_row,
                                                              int32_t row_count, choosing choose) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *first = nn_row_at(&p->first, arena, y);
        const int8_t *const second =
            p->constant != NULL ? p->constant : nn_row_at(&p->second, arena, y);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t left = p->row_elements; left > 0; left -= p->channels) {
            for (int32_t c = 0; c < p->channels; c++) {
                *output++ = choose(*first++, second[c]);
            }
        }
    }
}

void nn_maximum_s8(const nn_extreme_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count) {
    choose_each(params, arena, first_row, row_count, larger);
}

void nn_minimum_s8(const nn_extreme_params *params, uint8_t *arena, int32_t first_row,
                   int32_t row_count) {
    choose_each(params, arena, first_row, row_count, smaller);
}
