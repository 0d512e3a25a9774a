#ifndef LOSS_H
#define LOSS_H

#include "lanes.h"
#include "network.h"

/* Labels of the current images, and what a teacher says of them. */
typedef struct {
    const int32_t *labels; /* [groups * LANES] */
    int32_t groups;
    int64_t batch;         /* images of the whole batch; gradients are divided by it */
    float smoothing;       /* fraction of a label spread over all classes */
    const teacher *taught; /* null if there is none */
    const int64_t *order;  /* [groups * LANES]: the row of each image in the teacher's logits */
} batch_labels;

/* Replace the logits of an image by probabilities: exp(logit) divided by the sum over all. */
void softmax(int32_t classes, float *values);

/* Return the sum of the losses of the current images, and write the gradients of their logits.
 *
 * The loss of an image is the cross-entropy H(y, p) of its label y and its probabilities p. With a
 * teacher it is (1 - share) H(y, p) + share T^2 H(q, r), where q and r are the probabilities of the
 * teacher and of the network from logits that are divided by the temperature T. The factor T^2
 * keeps both parts in proportion. Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a
 * Neural Network, 2015, section 2.
 *
 * Logits and gradients are [groups][classes]. If logits are not finite, their gradients are not
 * finite either, but the loss may be finite. So check the gradients or the updated parameters, not
 * only the loss. */
double find_loss(const lanes *logits, int32_t classes, const batch_labels *of, lanes *gradients);

#endif
