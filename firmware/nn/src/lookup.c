#include "nn/lookup.h"

void nn_lookup_8(const nn_lookup_params *params, const void *input, void *output) {
    const uint8_t *from = input;
    uint8_t *to = output;
    for (int32_t left = params->count; left > 0; left -= params->channels) {
        const uint8_t *table = params->table;
        for (int32_t c = 0; c < params->channels; c++) {
            *to++ = table[*from++];
            table += 256;
        }
    }
}
