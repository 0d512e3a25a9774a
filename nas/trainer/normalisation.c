#include "normalisation.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-3f /* of Keras's batch normalisation */

/* Sum the values and the squares of each channel. The first value of the channel is subtracted from
 * each value. It is near the mean, so the variance does not lose precision by cancellation. */
static void sum_channels(const node *of, const step *s) {
    const int32_t channels = of->in.channels;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        lanes *const sums = s->weight_gradients + (int64_t)g * 2 * channels;
        memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
        const lanes *from = of->input + g * elements(of->in);
        for (int64_t i = 0; i < pixels(of->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                const vector *const values = parts(from++);
                vector *const sum = parts_of(sums + c), *const square = sum + channels * PARTS;
                for (int p = 0; p < PARTS; p++) {
                    const vector value = values[p] - of->input[c][0];
                    sum[p] += value;
                    square[p] += value * value;
                }
            }
        }
    }
    add_groups(s->groups, 2 * (int64_t)channels, s->weight_gradients);
}

/* Set the mean and 1 / deviation of each channel. In training they are those of the step's images,
 * and the moving averages are updated; otherwise they are the moving averages. */
static void measure_channels(const node *of, step *s, float *moving_mean, float *moving_variance) {
    const double n = (double)(s->groups * pixels(of->in)) * LANES;
    const int32_t channels = of->in.channels;
    float *const means = of->statistics, *const inverses = means + channels;
    lanes *const sums = s->weight_gradients, *const squares = sums + channels;
    if (s->is_training) {
        sum_channels(of, s);
    }
    for (int32_t c = 0; c < channels; c++) {
        double mean = moving_mean[c], variance = moving_variance[c];
        if (s->is_training) {
            const double shifted = lanes_sum(sums[c]) / n;
            mean = shifted + of->input[c][0];
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

void normalise(const node *of, step *s, float *parameters) {
    const int32_t channels = of->in.channels;
    const float *const gamma = parameters, *const beta = gamma + channels;
    measure_channels(of, s, parameters + 2 * channels, parameters + 3 * channels);
    const float *const means = of->statistics, *const inverses = means + channels;
    float *const factors = s->turned, *const offsets = factors + channels;
    for (int32_t c = 0; c < channels; c++) {
        factors[c] = gamma[c] * inverses[c];
        offsets[c] = beta[c] - means[c] * factors[c];
    }
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *from = of->input + g * elements(of->in);
        lanes *to = of->output + g * elements(of->out);
        for (int64_t i = 0; i < pixels(of->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                scale(factors[c], offsets[c], parts(from++), parts_of(to++));
            }
        }
    }
}

/* Sum the gradients of each channel, and their products with the inputs minus the mean. */
static void sum_gradients(const node *of, const step *s) {
    const int32_t channels = of->in.channels;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        lanes *const sums = s->weight_gradients + (int64_t)g * 2 * channels;
        memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
        const lanes *from = of->input + g * elements(of->in);
        const lanes *with = of->gradients + g * elements(of->in);
        for (int64_t i = 0; i < pixels(of->in); i++) {
            for (int32_t c = 0; c < channels; c++) {
                const vector *const values = parts(from++), *const back = parts(with++);
                vector *const sum = parts_of(sums + c), *const product = sum + channels * PARTS;
                for (int p = 0; p < PARTS; p++) {
                    sum[p] += back[p];
                    product[p] += back[p] * (values[p] - of->statistics[c]);
                }
            }
        }
    }
    add_groups(s->groups, 2 * (int64_t)channels, s->weight_gradients);
}

/* Source: Ioffe and Szegedy, Batch Normalization, 2015, section 3. */
void normalise_back(const node *of, step *s, const float *parameters, lanes *input_gradients,
                    float *gradients) {
    const int32_t channels = of->in.channels;
    const float *const means = of->statistics, *const inverses = means + channels;
    const float n = (float)(s->groups * pixels(of->in)) * LANES;
    float *const slopes = s->turned, *const offsets = slopes + channels;
    sum_gradients(of, s);
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
        const lanes *from = of->input + g * elements(of->in);
        const lanes *with = of->gradients + g * elements(of->in);
        lanes *to = input_gradients + g * elements(of->in);
        for (int64_t i = 0; i < pixels(of->in); i++) {
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
