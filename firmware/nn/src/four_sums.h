/* Four sums of products that are computed at once. */
#ifndef NN_FOUR_SUMS_H
#define NN_FOUR_SUMS_H

#include <stdint.h>

/* By value, so that they stay in registers. */
typedef struct {
    int32_t a, b, c, d;
} nn_four_sums;

#endif
