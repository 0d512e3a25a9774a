/* Collects the patch of an image under a kernel. */
#ifndef NN_GATHER_H
#define NN_GATHER_H

#include "nn/conv_2d.h"
#include "patches.h"

/* Widen the patch of the output pixel (y, x) to `patches`, the place of its first group. `bytes`
 * has room for one patch; pixels that are not made of whole groups are put together there. What
 * fills up the last group may be any bytes: its weights are zero. */
void nn_gather(const nn_conv_2d_params *params, const int8_t *input, int32_t y, int32_t x,
               int16_t *patches, int8_t *bytes);

#endif
