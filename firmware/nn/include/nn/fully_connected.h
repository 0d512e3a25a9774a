/** FULLY_CONNECTED: matrix times vector, int8, one scale for all rows or one for each. */
#ifndef NN_FULLY_CONNECTED_H
#define NN_FULLY_CONNECTED_H

#include <stdint.h>

typedef struct {
    int32_t input_count, output_count;
    int32_t input_zero_point, weight_zero_point, output_zero_point;
    int32_t lowest, highest;    /* limits of the output: type and fused activation */
    const int8_t *weights;      /* (output_count, input_count) */
    const int32_t *biases;      /* (output_count) */
    const int32_t *multipliers; /* (output_count), Q0.31 */
    const int8_t *shifts;       /* (output_count), see nn_rescale */
} nn_fully_connected_params;

/** Input and output must not overlap. */
void nn_fully_connected_s8(const nn_fully_connected_params *params, const int8_t *input,
                           int8_t *output);

#endif
