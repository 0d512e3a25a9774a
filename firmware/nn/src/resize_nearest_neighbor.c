#include "nn/resize_nearest_neighbor.h"

#include "bytes.h"

void nn_resize_nearest_neighbor_8(const nn_resize_nearest_neighbor_params *params, uint8_t *arena,
                                  int32_t first_row, int32_t row_count) {
    const nn_resize_nearest_neighbor_params *p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *const row = nn_row_at(&p->input, arena, p->rows[y]);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t x = 0; x < p->output_width; x++) {
            output = nn_copy(output, row + p->columns[x] * p->channels, p->channels);
        }
    }
}
