#include "normalisation.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-3f /* of Keras's batch normalisation */
#define MOMENTUM 0.99f

/* Mean and deviation of each channel over all images of the step, or those of all steps before. */
static void measure_channels(const layer *l, step *s, float *moving_mean, float *moving_variance) {
    const int64_t count = s->groups * pixels(l->in);
    const int32_t channels = l->in.channels;
    float *const means = l->statistics, *const inverses = means + channels;
    for (int32_t c = 0; c < channels; c++) {
        double mean = moving_mean[c], variance = moving_variance[c];
        if (s->is_training) {
            lanes sum = {0}, squares = {0};
            const lanes *const first = l->input + c;
            const lanes shift = lanes_of(first[0][0]); /* near the mean: nothing cancels */
            for (int64_t i = 0; i < count; i++) {
                const lanes value = first[i * channels] - shift;
                sum += value;
                squares += value * value;
            }
            const double n = (double)count * LANES;
            const double shifted = lanes_sum(sum) / n;
            mean = shifted + shift[0];
            variance = fmax(lanes_sum(squares) / n - shifted * shifted, 0);
            moving_mean[c] = MOMENTUM * moving_mean[c] + (1 - MOMENTUM) * (float)mean;
            moving_variance[c] = MOMENTUM * moving_variance[c] + (1 - MOMENTUM) * (float)variance;
        }
        means[c] = (float)mean;
        inverses[c] = (float)(1 / sqrt(variance + EPSILON));
    }
}

void normalise(const layer *l, step *s, float *parameters) {
    const int32_t channels = l->in.channels;
    const float *const gamma = parameters, *const beta = gamma + channels;
    measure_channels(l, s, parameters + 2 * channels, parameters + 3 * channels);
    const float *const means = l->statistics, *const inverses = means + channels;
    for (int64_t i = 0; i < s->groups * pixels(l->in); i++) {
        for (int32_t c = 0; c < channels; c++) {
            const float factor = gamma[c] * inverses[c];
            l->output[i * channels + c] =
                l->input[i * channels + c] * factor + (beta[c] - means[c] * factor);
        }
    }
}

/* Source: Ioffe and Szegedy, Batch Normalization, 2015, section 3. */
void normalise_back(const layer *l, step *s, const float *parameters, const lanes *output_gradients,
                    lanes *input_gradients, float *gradients) {
    const int32_t channels = l->in.channels;
    const int64_t count = s->groups * pixels(l->in);
    float *const means = l->statistics, *const inverses = means + channels;
    lanes *const sums = s->weight_gradients;
    memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
    for (int64_t i = 0; i < count; i++) {
        for (int32_t c = 0; c < channels; c++) {
            const lanes dy = output_gradients[i * channels + c];
            sums[c] += dy;
            sums[channels + c] += dy * (l->input[i * channels + c] - means[c]);
        }
    }
    const float n = (float)count * LANES;
    for (int32_t c = 0; c < channels; c++) {
        const float sum = lanes_sum(sums[c]);
        const float with_normal = lanes_sum(sums[channels + c]) * inverses[c];
        gradients[c] += with_normal;
        gradients[channels + c] += sum;
        if (input_gradients == NULL) {
            continue;
        }
        const float factor = parameters[c] * inverses[c], slope = with_normal / n * inverses[c];
        const float offset = sum / n - means[c] * slope;
        for (int64_t i = c; i < count * channels; i += channels) {
            input_gradients[i] =
                (output_gradients[i] - l->input[i] * slope - lanes_of(offset)) * factor;
        }
    }
}
