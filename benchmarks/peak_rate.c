/* The most multiply-accumulates per second of one core in float32: only registers, no memory. */
#include "lanes.h"

#define CHAINS 12 /* that do not wait for each other; they fit in the registers */

/* The number of multiply-accumulates of one turn of `multiply`. */
int32_t macs_of_turn(void);
int32_t macs_of_turn(void) { return CHAINS * WIDTH; }

/* Multiply and add in all chains, `turns` times. The result depends on all of them. */
float multiply(int64_t turns, float factor, float summand);
float multiply(int64_t turns, float factor, float summand) {
    const vector by = factor - (vector){0}, with = summand - (vector){0};
    vector chains[CHAINS];
    for (int i = 0; i < CHAINS; i++) {
        chains[i] = (float)i - (vector){0};
    }
    for (int64_t turn = 0; turn < turns; turn++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            chains[i] = chains[i] * by + with;
        }
    }
    vector sum = {0};
    for (int i = 0; i < CHAINS; i++) {
        sum += chains[i];
    }
    return sum[0];
}
