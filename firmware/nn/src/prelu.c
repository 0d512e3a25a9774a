#include "nn/prelu.h"

#include "nn/fixed_point.h"

static int8_t scale(const nn_prelu_params *p, int32_t value, int32_t slope) {
    const int32_t scaled = value >= 0
                               ? nn_rescale(value, p->above_multiplier, p->above_shift)
                               : nn_rescale(value * slope, p->below_multiplier, p->below_shift);
    return (int8_t)nn_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

void nn_prelu_s8(const nn_prelu_params *params, uint8_t *arena, int32_t first_row,
                 int32_t row_count) {
    const nn_prelu_params *const p = params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *input = nn_row_at(&p->input, arena, y);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t left = p->row_elements; left > 0; left -= p->channels) {
            for (int32_t c = 0; c < p->channels; c++) {
                const int32_t value = *input++ - p->input_zero_point;
                *output++ = scale(p, value, p->slopes[c] - p->slope_zero_point);
            }
        }
    }
}
