#include "nn/dequantize.h"

void nn_dequantize_s8_f32(const nn_dequantize_params *params, uint8_t *arena, int32_t first_row,
                          int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *const input = nn_row_at(&params->input, arena, y);
        float *const output = nn_row_at(&params->output, arena, y);
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = params->scale * (float)(input[i] - params->zero_point);
        }
    }
}

void nn_dequantize_u8_f32(const nn_dequantize_params *params, uint8_t *arena, int32_t first_row,
                          int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const uint8_t *const input = nn_row_at(&params->input, arena, y);
        float *const output = nn_row_at(&params->output, arena, y);
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = params->scale * (float)(input[i] - params->zero_point);
        }
    }
}
