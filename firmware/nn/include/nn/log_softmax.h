/** LOG_SOFTMAX over the last dimension, int8; the output has scale 1/16 and zero point 127. */
#ifndef NN_LOG_SOFTMAX_H
#define NN_LOG_SOFTMAX_H

#include "nn/softmax.h"

typedef struct {
    nn_softmax_params exponentials;
    int32_t inverse_multiplier,
        inverse_shift; /* from Q5.26 back to the input's steps; shift <= 0 */
} nn_log_softmax_params;

/** Input and output must not overlap. */
void nn_log_softmax_s8(const nn_log_softmax_params *params, const int8_t *input, int8_t *output);

#endif
