#include "nn/fixed_point.h"

/* Not inline, so that the common case carries nothing of it. */
int32_t nn_rescale_up(int32_t value, int32_t multiplier, int32_t shift) {
    return nn_multiply_high(nn_shift_left(value, shift), multiplier);
}
