/** MIRROR_PAD: an image reflected at its borders, int8. */
#ifndef NN_MIRROR_PAD_H
#define NN_MIRROR_PAD_H

#include <stdint.h>

#define NN_MIRROR_PAD_LOOPS 3

typedef struct {
    /* Dimensions, the outermost first: of the output, of the input, and before the input. */
    int32_t counts[NN_MIRROR_PAD_LOOPS], sizes[NN_MIRROR_PAD_LOOPS], before[NN_MIRROR_PAD_LOOPS];
    int32_t run_bytes; /* neighbours inside these dimensions, which stay neighbours */
    int32_t skipped;   /* 1 if the element at the border is not repeated, else 0 */
} nn_mirror_pad_params;

/** Input and output must not overlap. */
void nn_mirror_pad_s8(const nn_mirror_pad_params *params, const int8_t *input, int8_t *output);

#endif
