#include "normalisation.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-3f /* of Keras's batch normalisation */
#define MOMENTUM 0.99f

/* Sums of values and of their squares, of each channel, both without the first value of all, which
 * is near the mean: so nothing cancels. */
static void sum_channels(const layer *l, const step *s, lanes *sums, lanes *squares) {
    const int32_t channels = l->in.channels;
    memset(sums, 0, (size_t)channels * sizeof *sums);
    memset(squares, 0, (size_t)channels * sizeof *squares);
    for (int64_t i = 0; i < s->groups * pixels(l->in); i++) {
        for (int32_t c = 0; c < channels; c++) {
            const vector *const values = parts(l->input + i * channels + c);
            const float first = l->input[c][0];
            vector *const sum = parts_of(sums + c), *const square = parts_of(squares + c);
            for (int p = 0; p < PARTS; p++) {
                const vector value = values[p] - first;
                sum[p] += value;
                square[p] += value * value;
            }
        }
    }
}

/* Mean and deviation of each channel over all images of the step, or those of all steps before. */
static void measure_channels(const layer *l, step *s, float *moving_mean, float *moving_variance) {
    const double n = (double)(s->groups * pixels(l->in)) * LANES;
    const int32_t channels = l->in.channels;
    float *const means = l->statistics, *const inverses = means + channels;
    lanes *const sums = s->weight_gradients, *const squares = sums + channels;
    if (s->is_training) {
        sum_channels(l, s, sums, squares);
    }
    for (int32_t c = 0; c < channels; c++) {
        double mean = moving_mean[c], variance = moving_variance[c];
        if (s->is_training) {
            const double shifted = lanes_sum(sums[c]) / n;
            mean = shifted + l->input[c][0];
            variance = fmax(lanes_sum(squares[c]) / n - shifted * shifted, 0);
            moving_mean[c] = MOMENTUM * moving_mean[c] + (1 - MOMENTUM) * (float)mean;
            moving_variance[c] = MOMENTUM * moving_variance[c] + (1 - MOMENTUM) * (float)variance;
        }
        means[c] = (float)mean;
        inverses[c] = (float)(1 / sqrt(variance + EPSILON));
    }
}

static void scale(float factor, float offset, const vector *from, vector *to) {
    for (int p = 0; p < PARTS; p++) {
        to[p] = from[p] * factor + offset;
    }
}

void normalise(const layer *l, step *s, float *parameters) {
    const int32_t channels = l->in.channels;
    const float *const gamma = parameters, *const beta = gamma + channels;
    measure_channels(l, s, parameters + 2 * channels, parameters + 3 * channels);
    const float *const means = l->statistics, *const inverses = means + channels;
    float *const factors = s->turned, *const offsets = factors + channels;
    for (int32_t c = 0; c < channels; c++) {
        factors[c] = gamma[c] * inverses[c];
        offsets[c] = beta[c] - means[c] * factors[c];
    }
    for (int64_t i = 0; i < s->groups * pixels(l->in); i++) {
        for (int32_t c = 0; c < channels; c++) {
            scale(factors[c], offsets[c], parts(l->input + i * channels + c),
                  parts_of(l->output + i * channels + c));
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
            const vector *const values = parts(l->input + i * channels + c);
            const vector *const back = parts(output_gradients + i * channels + c);
            vector *const sum = parts_of(sums + c), *const product = parts_of(sums + channels + c);
            for (int p = 0; p < PARTS; p++) {
                sum[p] += back[p];
                product[p] += back[p] * (values[p] - means[c]);
            }
        }
    }
    const float n = (float)count * LANES;
    float *const slopes = s->turned, *const offsets = slopes + channels;
    for (int32_t c = 0; c < channels; c++) {
        const float sum = lanes_sum(sums[c]);
        const float with_normal = lanes_sum(sums[channels + c]) * inverses[c];
        gradients[c] += with_normal;
        gradients[channels + c] += sum;
        slopes[c] = with_normal / n * inverses[c];
        offsets[c] = sum / n - means[c] * slopes[c];
    }
    if (input_gradients == NULL) {
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        for (int32_t c = 0; c < channels; c++) {
            const float factor = parameters[c] * inverses[c];
            const vector *const values = parts(l->input + i * channels + c);
            const vector *const back = parts(output_gradients + i * channels + c);
            vector *const to = parts_of(input_gradients + i * channels + c);
            for (int p = 0; p < PARTS; p++) {
                to[p] = (back[p] - values[p] * slopes[c] - offsets[c]) * factor;
            }
        }
    }
}
