/** DEQUANTIZE: to float. */
#ifndef NN_DEQUANTIZE_H
#define NN_DEQUANTIZE_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t zero_point;
    float scale;
} nn_dequantize_params;

/** scale * (input - zero_point). Input and output must not overlap. */
void nn_dequantize_s8_f32(const nn_dequantize_params *params, const int8_t *input, float *output);

/** The same for uint8. */
void nn_dequantize_u8_f32(const nn_dequantize_params *params, const uint8_t *input, float *output);

#endif
