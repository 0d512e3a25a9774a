/* What the trainer has to compute, written down as plainly as possible and in double. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "network.h"

/* The mean loss of some images while a network trains, without dropout.
 *
 * `images` is [count][height][width][channels], `facts` what `network_measure` tells of the rows.
 * The teacher may be null. */
double reference_loss(const network_row *rows, const network_fact *facts, int32_t row_count,
                      const double *parameters, const double *images, const int32_t *labels,
                      const teacher *taught, int32_t count);

#endif
