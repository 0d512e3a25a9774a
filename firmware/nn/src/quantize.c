#include "nn/quantize.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "nn/fixed_point.h"

static int32_t requantize(const nn_requantize_params *p, int32_t value) {
    return nn_rescale(value - p->input_zero_point, p->multiplier, p->shift) + p->output_zero_point;
}

/* Whether the scale stays and the zero point moves by 128: only the highest bit of a byte changes.
 */
static bool is_flip(const nn_requantize_params *p, int32_t moved) {
    return p->multiplier == INT32_C(1) << 30 && p->shift == 1 &&
           p->output_zero_point - p->input_zero_point == moved;
}

static void flip(const uint8_t *from, uint8_t *to, int32_t count) {
    for (; count >= 4; count -= 4) {
        uint32_t bytes;
        memcpy(&bytes, from, sizeof bytes);
        bytes ^= 0x80808080U;
        memcpy(to, &bytes, sizeof bytes);
        from += 4;
        to += 4;
    }
    for (; count > 0; count--) {
        *to++ = *from++ ^ 0x80U;
    }
}

void nn_requantize_s8_s8(const nn_requantize_params *params, uint8_t *arena, int32_t first_row,
                         int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *const input = nn_row_at(&params->input, arena, y);
        int8_t *const output = nn_row_at(&params->output, arena, y);
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = (int8_t)nn_clamp(requantize(params, input[i]), INT8_MIN, INT8_MAX);
        }
    }
}

void nn_requantize_u8_s8(const nn_requantize_params *params, uint8_t *arena, int32_t first_row,
                         int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const uint8_t *const input = nn_row_at(&params->input, arena, y);
        int8_t *const output = nn_row_at(&params->output, arena, y);
        if (is_flip(params, -128)) {
            flip(input, (uint8_t *)output, params->row_elements);
            continue;
        }
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = (int8_t)nn_clamp(requantize(params, input[i]), INT8_MIN, INT8_MAX);
        }
    }
}

void nn_requantize_s8_u8(const nn_requantize_params *params, uint8_t *arena, int32_t first_row,
                         int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int8_t *const input = nn_row_at(&params->input, arena, y);
        uint8_t *const output = nn_row_at(&params->output, arena, y);
        if (is_flip(params, 128)) {
            flip((const uint8_t *)input, output, params->row_elements);
            continue;
        }
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = (uint8_t)nn_clamp(requantize(params, input[i]), 0, UINT8_MAX);
        }
    }
}

/* Saturates before the conversion, which is undefined for what int32_t does not hold. */
static int32_t quantize(const nn_quantize_params *p, float value, int32_t lowest, int32_t highest) {
    const float quantized = roundf(value / p->scale) + (float)p->zero_point;
    if (!(quantized > (float)lowest)) {
        return lowest;
    }
    return quantized < (float)highest ? (int32_t)quantized : highest;
}

void nn_quantize_f32_s8(const nn_quantize_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const float *const input = nn_row_at(&params->input, arena, y);
        int8_t *const output = nn_row_at(&params->output, arena, y);
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = (int8_t)quantize(params, input[i], INT8_MIN, INT8_MAX);
        }
    }
}

void nn_quantize_f32_u8(const nn_quantize_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const float *const input = nn_row_at(&params->input, arena, y);
        uint8_t *const output = nn_row_at(&params->output, arena, y);
        for (int32_t i = 0; i < params->row_elements; i++) {
            output[i] = (uint8_t)quantize(params, input[i], 0, UINT8_MAX);
        }
    }
}
