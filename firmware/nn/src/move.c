#include "nn/move.h"

#include <stddef.h>
#include <string.h>

/* The innermost loop; gives the end of what it wrote. */
static uint8_t *copy_runs(const nn_move_params *p, const uint8_t *from, uint8_t *to) {
    const int32_t step = p->steps[4], bytes = p->run_bytes;
    if (bytes == 1) {
        for (int32_t i = p->counts[4]; i > 0; i--) {
            *to++ = *from;
            from += step;
        }
        return to;
    }
    for (int32_t i = p->counts[4]; i > 0; i--) {
        memcpy(to, from, (size_t)bytes);
        to += bytes;
        from += step;
    }
    return to;
}

static void write_row(const nn_move_params *p, const uint8_t *row, uint8_t *to) {
    for (int32_t a = 0; a < p->counts[0]; a++) {
        const uint8_t *from_b = row + a * p->steps[0];
        for (int32_t b = 0; b < p->counts[1]; b++) {
            const uint8_t *from_c = from_b + b * p->steps[1];
            for (int32_t c = 0; c < p->counts[2]; c++) {
                const uint8_t *from_d = from_c + c * p->steps[2];
                for (int32_t d = 0; d < p->counts[3]; d++) {
                    to = copy_runs(p, from_d + d * p->steps[3], to);
                }
            }
        }
    }
}

void nn_move_8(const nn_move_params *params, uint8_t *arena, int32_t first_row, int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int32_t own = params->first_row + y * params->row_step;
        const uint8_t *row = nn_row_at(&params->input, arena, own);
        write_row(params, row + params->offset, nn_row_at(&params->output, arena, y));
    }
}
