#include "loss.h"

#include <math.h>
#include <stddef.h>

void softmax(int32_t classes, float *values) {
    float largest = values[0], sum = 0;
    for (int32_t c = 1; c < classes; c++) {
        largest = fmaxf(largest, values[c]);
    }
    for (int32_t c = 0; c < classes; c++) {
        values[c] = expf(values[c] - largest);
        sum += values[c];
    }
    for (int32_t c = 0; c < classes; c++) {
        values[c] /= sum;
    }
}

/* Return the part of a teacher in the loss of an image, and mix its gradients with those of the
 * label. */
static double learn_from(const teacher *of, int64_t image, const lanes *logits, int32_t classes,
                         int lane, float batch, lanes *gradients) {
    float wanted[classes], found[classes];
    for (int32_t c = 0; c < classes; c++) {
        wanted[c] = of->logits[image * classes + c] / of->temperature;
        found[c] = logits[c][lane] / of->temperature;
    }
    softmax(classes, wanted);
    softmax(classes, found);
    double loss = 0;
    for (int32_t c = 0; c < classes; c++) {
        loss -= (double)wanted[c] * log(fmax((double)found[c], 1e-7));
        const float gradient = of->temperature * (found[c] - wanted[c]) / batch;
        gradients[c][lane] = (1 - of->share) * gradients[c][lane] + of->share * gradient;
    }
    return (double)of->share * (double)of->temperature * (double)of->temperature * loss;
}

double find_loss(const lanes *logits, int32_t classes, const batch_labels *of, lanes *gradients) {
    const double share = of->taught == NULL ? 1 : 1 - (double)of->taught->share;
    double loss = 0;
    float probabilities[classes];
    for (int64_t i = 0; i < (int64_t)of->groups * LANES; i++) {
        const int64_t group = i / LANES * classes;
        const int lane = (int)(i % LANES);
        for (int32_t c = 0; c < classes; c++) {
            probabilities[c] = logits[group + c][lane];
        }
        softmax(classes, probabilities);
        for (int32_t c = 0; c < classes; c++) {
            const float target =
                of->smoothing / (float)classes + (c == of->labels[i] ? 1 - of->smoothing : 0);
            loss -= share * (double)target * log(fmax((double)probabilities[c], 1e-7));
            gradients[group + c][lane] = (probabilities[c] - target) / (float)of->batch;
        }
        if (of->taught != NULL) {
            loss += learn_from(of->taught, of->order[i], logits + group, classes, lane,
                               (float)of->batch, gradients + group);
        }
    }
    return loss;
}
