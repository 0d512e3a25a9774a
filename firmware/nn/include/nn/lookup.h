/** A chain of element-wise operators, as one table for each channel. */
#ifndef NN_LOOKUP_H
#define NN_LOOKUP_H

#include <stdint.h>

typedef struct {
    int32_t count;        /* elements */
    int32_t channels;     /* tables; a divisor of count */
    const uint8_t *table; /* (channels, 256): the output's byte for each byte of the input */
} nn_lookup_params;

/** The output may overwrite the input in place. */
void nn_lookup_8(const nn_lookup_params *params, const void *input, void *output);

#endif
