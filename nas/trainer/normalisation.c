#include "normalisation.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-3f /* of Keras's batch normalisation */

/* Sums of values and then of their squares, of each channel, both without the first value of all,
 * which is near the mean: so nothing cancels. */
static void sum_channels(const layer *l, const step *s) {
    const int32_t channels = l->in.channels;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        lanes *const sums = s->weight_gradients + (int64_t)g * 2 * channels;
        memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
        const lanes *from = l->input + g * elements(l->in);
        for (int64_t i = 0; i < pixels(l->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                const vector *const values = parts(from++);
                vector *const sum = parts_of(sums + c), *const square = sum + channels * PARTS;
                for (int p = 0; p < PARTS; p++) {
                    const vector value = values[p] - l->input[c][0];
                    sum[p] += value;
                    square[p] += value * value;
                }
            }
        }
    }
    add_groups(s->groups, 2 * (int64_t)channels, s->weight_gradients);
}

/* Mean and deviation of each channel over all images of the step, or those of all steps before. */
static void measure_channels(const layer *l, step *s, float *moving_mean, float *moving_variance) {
    const double n = (double)(s->groups * pixels(l->in)) * LANES;
    const int32_t channels = l->in.channels;
    float *const means = l->statistics, *const inverses = means + channels;
    lanes *const sums = s->weight_gradients, *const squares = sums + channels;
    if (s->is_training) {
        sum_channels(l, s);
    }
    for (int32_t c = 0; c < channels; c++) {
        double mean = moving_mean[c], variance = moving_variance[c];
        if (s->is_training) {
            const double shifted = lanes_sum(sums[c]) / n;
            mean = shifted + l->input[c][0];
            variance = fmax(lanes_sum(squares[c]) / n - shifted * shifted, 0);
            moving_mean[c] = s->momentum * moving_mean[c] + (1 - s->momentum) * (float)mean;
            moving_variance[c] =
                s->momentum * moving_variance[c] + (1 - s->momentum) * (float)variance;
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
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *from = l->input + g * elements(l->in);
        lanes *to = l->output + g * elements(l->out);
        for (int64_t i = 0; i < pixels(l->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                scale(factors[c], offsets[c], parts(from++), parts_of(to++));
            }
        }
    }
}

/* Sums of the gradients and then of their products with the inputs less their mean. */
static void sum_gradients(const layer *l, const step *s, const lanes *output_gradients) {
    const int32_t channels = l->in.channels;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        lanes *const sums = s->weight_gradients + (int64_t)g * 2 * channels;
        memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
        const lanes *from = l->input + g * elements(l->in);
        const lanes *with = output_gradients + g * elements(l->in);
        for (int64_t i = 0; i < pixels(l->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                const vector *const values = parts(from++), *const back = parts(with++);
                vector *const sum = parts_of(sums + c), *const product = sum + channels * PARTS;
                for (int p = 0; p < PARTS; p++) {
                    sum[p] += back[p];
                    product[p] += back[p] * (values[p] - l->statistics[c]);
                }
            }
        }
    }
    add_groups(s->groups, 2 * (int64_t)channels, s->weight_gradients);
}

/* Source: Ioffe and Szegedy, Batch Normalization, 2015, section 3. */
void normalise_back(const layer *l, step *s, const float *parameters, const lanes *output_gradients,
                    lanes *input_gradients, float *gradients) {
    const int32_t channels = l->in.channels;
    const float *const means = l->statistics, *const inverses = means + channels;
    const float n = (float)(s->groups * pixels(l->in)) * LANES;
    float *const slopes = s->turned, *const offsets = slopes + channels;
    sum_gradients(l, s, output_gradients);
    for (int32_t c = 0; c < channels; c++) {
        const float sum = lanes_sum(s->weight_gradients[c]);
        const float with_normal = lanes_sum(s->weight_gradients[channels + c]) * inverses[c];
        gradients[c] += with_normal;
        gradients[channels + c] += sum;
        slopes[c] = with_normal / n * inverses[c];
        offsets[c] = sum / n - means[c] * slopes[c];
    }
    if (input_gradients == NULL) {
        return;
    }
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *from = l->input + g * elements(l->in);
        const lanes *with = output_gradients + g * elements(l->in);
        lanes *to = input_gradients + g * elements(l->in);
        for (int64_t i = 0; i < pixels(l->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                const vector *const values = parts(from++), *const back = parts(with++);
                vector *const own = parts_of(to++);
                const float factor = parameters[c] * inverses[c];
                for (int p = 0; p < PARTS; p++) {
                    own[p] = (back[p] - values[p] * slopes[c] - offsets[c]) * factor;
                }
            }
        }
    }
}
