/* From sums of products to outputs. */
#ifndef NN_SCALE_SUMS_H
#define NN_SCALE_SUMS_H

#include "nn/fixed_point.h"

/* How the sums of one channel become outputs. */
typedef struct {
    int32_t multiplier, shift;
    int32_t zero_point, lowest, highest;
} nn_scaling;

static inline int8_t nn_scale_sum(const nn_scaling *s, int32_t sum) {
    const int32_t scaled = nn_rescale(sum, s->multiplier, s->shift) + s->zero_point;
    return (int8_t)nn_clamp(scaled, s->lowest, s->highest);
}

/* Scale `count` sums to outputs that lie `stride` bytes apart. Most factors are below 1, and most
 * counts are 4: that case has no branch inside. */
static inline void nn_scale_sums(const nn_scaling *s, const int32_t sums[4], int32_t count,
                                 int8_t *output, int32_t stride) {
    if (count < 4 || s->shift >= 0) {
        for (int32_t i = 0; i < count; i++) {
            output[i * stride] = nn_scale_sum(s, sums[i]);
        }
        return;
    }
    for (int32_t i = 0; i < 4; i++) {
        const int32_t scaled = nn_rescale_down(sums[i], s->multiplier, -s->shift) + s->zero_point;
        *output = (int8_t)nn_clamp(scaled, s->lowest, s->highest);
        output += stride;
    }
}

#endif
