/* Bytes that are filled or copied, in short runs. Each gives the place behind them. */
#ifndef NN_BYTES_H
#define NN_BYTES_H

#include <stdint.h>
#include <string.h>

static inline int8_t *nn_fill(int8_t *to, int32_t count, int8_t value) {
    for (; count > 0; count--) {
        *to++ = value;
    }
    return to;
}

static inline int8_t *nn_copy(int8_t *to, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4) {
        memcpy(to, from, 4);
        to += 4;
        from += 4;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

#endif
