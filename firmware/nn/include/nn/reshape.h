/** RESHAPE: the same bytes under another shape. */
#ifndef NN_RESHAPE_H
#define NN_RESHAPE_H

#include <stdint.h>

typedef struct {
    int32_t size_bytes;
} nn_reshape_params;

/** The output may be the input itself; then nothing is copied. */
void nn_reshape(const nn_reshape_params *params, const void *input, void *output);

#endif
