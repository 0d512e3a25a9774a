#include "nn/dequantize.h"

void nn_dequantize_s8_f32(const nn_dequantize_params *params, const int8_t *input, float *output) {
    for (int32_t i = 0; i < params->count; i++) {
        output[i] = params->scale * (float)(input[i] - params->zero_point);
    }
}

void nn_dequantize_u8_f32(const nn_dequantize_params *params, const uint8_t *input, float *output) {
    for (int32_t i = 0; i < params->count; i++) {
        output[i] = params->scale * (float)(input[i] - params->zero_point);
    }
}
