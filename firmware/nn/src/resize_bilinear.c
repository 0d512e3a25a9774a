#include "nn/resize_bilinear.h"

#define ONE 1024

/* Two neighbouring rows or columns of the input, and the weight of the second in 1/1024. Outside
 * the image they are the same one, and the weight may be anything. */
typedef struct {
    int32_t first, second, weight;
} neighbours;

static neighbours neighbours_at(int32_t place, int32_t size) {
    neighbours found;
    found.first = place < 0 ? 0 : place / ONE;
    found.second = (place + ONE - 1) / ONE;
    found.second = found.second < size ? found.second : size - 1;
    found.weight = place - ONE * found.first;
    return found;
}

/* Half away from zero. */
static int8_t rounded(int32_t sum) {
    const int32_t half = ONE * ONE / 2;
    return (int8_t)((sum + (sum > 0 ? half : -half)) / (ONE * ONE));
}

void nn_resize_bilinear_s8(const nn_resize_bilinear_params *params, uint8_t *arena,
                           int32_t first_row, int32_t row_count) {
    const nn_resize_bilinear_params *p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const neighbours rows =
            neighbours_at(p->start_height + y * p->step_height, p->input_height);
        const int8_t *const above = nn_row_at(&p->input, arena, rows.first);
        const int8_t *const below = nn_row_at(&p->input, arena, rows.second);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t x = 0; x < p->output_width; x++) {
            const neighbours columns =
                neighbours_at(p->start_width + x * p->step_width, p->input_width);
            const int32_t left = columns.first * p->channels, right = columns.second * p->channels;
            for (int32_t c = 0; c < p->channels; c++) {
                const int32_t first =
                    above[left + c] * (ONE - columns.weight) + above[right + c] * columns.weight;
                const int32_t second =
                    below[left + c] * (ONE - columns.weight) + below[right + c] * columns.weight;
                *output++ = rounded(first * (ONE - rows.weight) + second * rows.weight);
            }
        }
    }
}
