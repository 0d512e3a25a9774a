#include "nn/fixed_point.h"

/* Not inline, to keep the common case small. */
int32_t nn_rescale_up(int32_t value, int32_t multiplier, int32_t shift) {
    return nn_multiply_high(nn_shift_left(value, shift), multiplier);
}
