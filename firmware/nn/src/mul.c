#include "nn/mul.h"

#include "elementwise.h"
#include "nn/fixed_point.h"

static void multiply(const nn_mul_scaling *scaling, const int8_t *first, const int8_t *second,
                     int8_t *output, int32_t count) {
    const nn_mul_scaling p = *scaling;
    for (int32_t left = count; left > 0; left -= p.channels) {
        for (int32_t c = 0; c < p.channels; c++) {
            const int32_t product =
                (*first++ - p.first_zero_point) * (second[c] - p.second_zero_point);
            const int32_t scaled = nn_rescale(product, p.multiplier, p.shift) + p.output_zero_point;
            *output++ = (int8_t)nn_clamp(scaled, p.lowest, p.highest);
        }
    }
}

void nn_mul_s8(const nn_mul_params *params, uint8_t *arena, int32_t first_row, int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        multiply(&params->scaling, nn_row_at(&params->first, arena, y),
                 nn_row_at(&params->second, arena, y), nn_row_at(&params->output, arena, y),
                 params->row_elements);
    }
}

void nn_mul_constant(const nn_mul_scaling *scaling, const int8_t *input, int8_t *output,
                     int32_t count) {
    multiply(scaling, input, scaling->constant, output, count);
}

void nn_mul_constant_s8(const nn_mul_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        nn_mul_constant(&params->scaling, nn_row_at(&params->first, arena, y),
                        nn_row_at(&params->output, arena, y), params->row_elements);
    }
}
