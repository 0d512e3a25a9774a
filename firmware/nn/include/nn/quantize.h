/** QUANTIZE: to another scale, zero point or type. */
#ifndef NN_QUANTIZE_H
#define NN_QUANTIZE_H

#include "nn/ring.h"

typedef struct {
    nn_ring input, output;
    int32_t row_elements;
    int32_t input_zero_point, output_zero_point;
    int32_t multiplier, shift; /* scale of the input / of the output */
} nn_requantize_params;

/** The output may overwrite the input in place. */
void nn_requantize_s8_s8(const nn_requantize_params *params, uint8_t *arena, int32_t first_row,
                         int32_t row_count);
void nn_requantize_u8_s8(const nn_requantize_params *params, uint8_t *arena, int32_t first_row,
                         int32_t row_count);
void nn_requantize_s8_u8(const nn_requantize_params *params, uint8_t *arena, int32_t first_row,
                         int32_t row_count);

typedef struct {
    nn_ring input, output;
    int32_t row_elements;
    int32_t zero_point;
    float scale;
} nn_quantize_params;

/** round(input / scale) + zero_point, ties away from zero, saturated. Buffers must not overlap. */
void nn_quantize_f32_s8(const nn_quantize_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

/** The same for uint8. */
void nn_quantize_f32_u8(const nn_quantize_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count);

#endif
