#include "nn/reshape.h"

#include <string.h>

void nn_reshape(const nn_reshape_params *params, const void *input, void *output) {
    if (input != output) {
        memcpy(output, input, (size_t)params->size_bytes);
    }
}
