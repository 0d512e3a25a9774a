/* Collects the patch of an image under a kernel. */
#ifndef NN_GATHER_H
#define NN_GATHER_H

#include "band.h"
#include "nn/conv_2d.h"
#include "patches.h"

/* The rows of the image under the kernel, for row `y` of the output. */
static inline nn_band nn_conv_2d_band(const nn_conv_2d_params *p, uint8_t *arena, int32_t y) {
    return nn_band_at(&p->input, arena, p->input_height, y * p->stride_height - p->padding_top,
                      p->kernel_height);
}

/* Widen the patch of pixel `x` of the output's row to `patches`, the place of its first group.
 * `bytes` has room for one patch; pixels that are not made of whole groups are put together there.
 * What fills up the last group may be any bytes: its weights are zero. */
void nn_gather(const nn_conv_2d_params *params, const nn_band *band, int32_t x, int16_t *patches,
               int8_t *bytes);

#endif
