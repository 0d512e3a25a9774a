/**
 * FULLY_CONNECTED: matrix times vector, int8, one scale for each row.
 *
 * Unlike every other operator, TFLite's reference kernel scales the sums of this one in double
 * precision and rounds once, so that this one does as well: in software where the FPU is single,
 * a few hundred cycles for each row. TFLite-Micro scales in fixed point and may differ by one.
 * Source: reference/integer_ops/fully_connected.h in TensorFlow 2.21, tensorflow issue 119412.
 */
#ifndef NN_FULLY_CONNECTED_H
#define NN_FULLY_CONNECTED_H

#include <stdint.h>

typedef struct {
    int32_t input_count, output_count;
    int32_t input_zero_point, weight_zero_point, output_zero_point;
    int32_t lowest, highest; /* limits of the output: type and fused activation */
    float input_scale, output_scale;
    const int8_t *weights;      /* (output_count, input_count) */
    const int32_t *biases;      /* (output_count) */
    const float *weight_scales; /* (output_count) */
} nn_fully_connected_params;

/** Input and output must not overlap. */
void nn_fully_connected_s8(const nn_fully_connected_params *params, const int8_t *input,
                           int8_t *output);

#endif
