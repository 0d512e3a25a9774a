#include "loss.h"

#include <math.h>

void softmax(const lanes *logits, int32_t classes, int lane, float *probabilities) {
    float largest = logits[0][lane], sum = 0;
    for (int32_t c = 1; c < classes; c++) {
        largest = fmaxf(largest, logits[c][lane]);
    }
    for (int32_t c = 0; c < classes; c++) {
        probabilities[c] = expf(logits[c][lane] - largest);
        sum += probabilities[c];
    }
    for (int32_t c = 0; c < classes; c++) {
        probabilities[c] /= sum;
    }
}

double cross_entropy(const lanes *logits, int32_t classes, const batch_labels *of, float smoothing,
                     lanes *gradients) {
    double loss = 0;
    float probabilities[classes];
    for (int64_t i = 0; i < (int64_t)of->groups * LANES; i++) {
        const int64_t group = i / LANES * classes;
        const int lane = (int)(i % LANES);
        softmax(logits + group, classes, lane, probabilities);
        for (int32_t c = 0; c < classes; c++) {
            const float target =
                smoothing / (float)classes + (c == of->labels[i] ? 1 - smoothing : 0);
            loss -= (double)target * log(fmax((double)probabilities[c], 1e-7));
            gradients[group + c][lane] = (probabilities[c] - target) / (float)of->batch;
        }
    }
    return loss;
}
