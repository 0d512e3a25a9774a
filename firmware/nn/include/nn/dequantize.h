/** DEQUANTIZE: to float. */
#ifndef NN_DEQUANTIZE_H
#define NN_DEQUANTIZE_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t row_elements;
    int32_t zero_point;
    float scale;
} nn_dequantize_params;

/** scale * (input - zero_point). Input and output must not overlap. */
void nn_dequantize_s8_f32(const nn_dequantize_params *params, uint8_t *arena, int32_t first_row,
                          int32_t row_count);

/** The same for uint8. */
void nn_dequantize_u8_f32(const nn_dequantize_params *params, uint8_t *arena, int32_t first_row,
                          int32_t row_count);

#endif
