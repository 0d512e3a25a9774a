/** SOFTMAX over the last dimension, int8; the output has scale 1/256 and zero point -128. */
#ifndef NN_SOFTMAX_H
#define NN_SOFTMAX_H

#include <stdint.h>

typedef struct {
    int32_t rows, classes;       /* input and output are (rows, classes) */
    int32_t multiplier, shift;   /* scale of the input * beta, to Q5.26; shift >= 0 */
    int32_t smallest_difference; /* to the largest of a row; below it, exp = 0 */
} nn_softmax_params;

/** Input and output must not overlap. */
void nn_softmax_s8(const nn_softmax_params *params, const int8_t *input, int8_t *output);

#endif
