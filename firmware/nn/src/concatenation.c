#include "nn/concatenation.h"

#include <stddef.h>
#include <string.h>

static void interleave(const nn_concatenation_params *params, const void *const *inputs,
                       int32_t count, void *output) {
    uint8_t *to = output;
    for (int32_t row = 0; row < params->rows; row++) {
        for (int32_t i = 0; i < count; i++) {
            const int32_t bytes = params->part_bytes[i];
            memcpy(to, (const uint8_t *)inputs[i] + row * bytes, (size_t)bytes);
            to += bytes;
        }
    }
}

void nn_concatenation_2_8(const nn_concatenation_params *params, const void *first,
                          const void *second, void *output) {
    const void *const inputs[] = {first, second};
    interleave(params, inputs, 2, output);
}

void nn_concatenation_3_8(const nn_concatenation_params *params, const void *first,
                          const void *second, const void *third, void *output) {
    const void *const inputs[] = {first, second, third};
    interleave(params, inputs, 3, output);
}

void nn_concatenation_4_8(const nn_concatenation_params *params, const void *first,
                          const void *second, const void *third, const void *fourth, void *output) {
    const void *const inputs[] = {first, second, third, fourth};
    interleave(params, inputs, 4, output);
}
