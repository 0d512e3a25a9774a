#ifndef LOSS_H
#define LOSS_H

#include "lanes.h"

/* Labels of the current images. */
typedef struct {
    const int32_t *labels; /* [groups * LANES] */
    int32_t groups;
    int64_t batch; /* images of the whole batch; gradients are divided by it */
} batch_labels;

/* Probabilities [classes] of one image: exp(logit) divided by the sum over all classes. */
void softmax(const lanes *logits, int32_t classes, int lane, float *probabilities);

/* Return the sum of the cross-entropies of the current images, and write the gradients of their
 * logits. Logits and gradients are [groups][classes]. If logits are not finite, their gradients are
 * not finite either, but the loss may be finite. So check the gradients or the updated parameters,
 * not only the loss. */
double cross_entropy(const lanes *logits, int32_t classes, const batch_labels *of, float smoothing,
                     lanes *gradients);

#endif
