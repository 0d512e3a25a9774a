#ifndef LOSS_H
#define LOSS_H

#include "lanes.h"

/* Labels of the images at hand. */
typedef struct {
    const int32_t *labels; /* [groups * LANES] */
    int32_t groups;
    int64_t batch; /* images of the whole batch, by which gradients are divided */
} batch_labels;

/* Probabilities [classes] of one image: exp(logit) over the sum of all. */
void softmax(const lanes *logits, int32_t classes, int lane, float *probabilities);

/* Cross-entropy of the images at hand, summed; and the gradients of their logits,
 * both [groups][classes]. Where logits are not finite the gradients are not either, but the loss
 * may be: look at the gradients, or at what they have made of the parameters. */
double cross_entropy(const lanes *logits, int32_t classes, const batch_labels *of, float smoothing,
                     lanes *gradients);

#endif
