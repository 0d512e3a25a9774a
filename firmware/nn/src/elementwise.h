/* ADD and MUL of a constant, for kernels that do more in one pass. */
#ifndef NN_ELEMENTWISE_H
#define NN_ELEMENTWISE_H

#include "nn/add.h"
#include "nn/mul.h"

/* The output may be the input. `count` is a multiple of the channels. */
void nn_add_constant(const nn_add_scaling *scaling, const int8_t *input, int8_t *output,
                     int32_t count);
void nn_mul_constant(const nn_mul_scaling *scaling, const int8_t *input, int8_t *output,
                     int32_t count);

#endif
