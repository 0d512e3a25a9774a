/**
 * FULLY_CONNECTED: matrix times vectors, int8, one scale for each row or one for all.
 *
 * Only for this operator, the reference kernels of LiteRT and of TFLite-Micro scale the sums
 * differently. LiteRT scales in double precision and rounds once. TFLite-Micro and CMSIS-NN scale
 * in fixed point and round twice, as for convolutions. There is a kernel for each. Their results
 * may differ by one.
 * Source: reference/integer_ops/fully_connected.h in TensorFlow 2.21, tensorflow issue 119412;
 * kernels/fully_connected.cc of TFLite-Micro.
 */
#ifndef NN_FULLY_CONNECTED_H
#define NN_FULLY_CONNECTED_H

#include <stdint.h>

/** The inputs of both kernels. */
typedef struct {
    int32_t vectors; /* input is (vectors, input_count), output (vectors, output_count) */
    int32_t input_count, output_count;
    int32_t weight_zero_point;
    const int8_t *weights; /* (output_count, input_count) */
    const int32_t *biases; /* (output_count), minus zero point * sum of the weights */
} nn_fully_connected_sums;

typedef struct {
    nn_fully_connected_sums sums; /* of absolute values below 2^30 */
    int32_t output_zero_point;
    int32_t lowest, highest;    /* limits of the output: type and fused activation */
    int32_t factor_step;        /* 1: a factor for each row; 0: one for all */
    const int32_t *multipliers; /* factor = multiplier * 2^(shift - 31) */
    const int8_t *shifts;
} nn_fully_connected_params;

typedef struct {
    nn_fully_connected_sums sums;
    int32_t output_zero_point;
    int32_t lowest, highest; /* limits of the output: type and fused activation */
    int32_t factor_step;     /* 1: a weight scale for each row; 0: one for all */
    float input_scale, output_scale;
    const float *weight_scales;
} nn_fully_connected_once_params;

/** Rounds twice, like TFLite-Micro. Input and output must not overlap. */
void nn_fully_connected_s8(const nn_fully_connected_params *params, const int8_t *input,
                           int8_t *output);

/**
 * Rounds once, like LiteRT. Without a double-precision FPU this runs in software, in a few hundred
 * cycles for each row. Input and output must not overlap.
 */
void nn_fully_connected_once_s8(const nn_fully_connected_once_params *params, const int8_t *input,
                                int8_t *output);

#endif
