#include "nn/mirror_pad.h"

#include <stddef.h>
#include <string.h>

/* The element of the input at a place of the output. */
static int32_t mirrored(const nn_mirror_pad_params *p, int32_t dimension, int32_t place) {
    const int32_t index = place - p->before[dimension], size = p->sizes[dimension];
    if (index < 0) {
        return p->skipped - 1 - index;
    }
    return index < size ? index : 2 * size - 1 - p->skipped - index;
}

void nn_mirror_pad_s8(const nn_mirror_pad_params *params, const int8_t *input, int8_t *output) {
    const nn_mirror_pad_params *const p = params;
    for (int32_t a = 0; a < p->counts[0]; a++) {
        const int32_t first = mirrored(p, 0, a) * p->sizes[1];
        for (int32_t b = 0; b < p->counts[1]; b++) {
            const int32_t second = (first + mirrored(p, 1, b)) * p->sizes[2];
            for (int32_t c = 0; c < p->counts[2]; c++) {
                const int32_t run = second + mirrored(p, 2, c);
                memcpy(output, input + run * p->run_bytes, (size_t)p->run_bytes);
                output += p->run_bytes;
            }
        }
    }
}
