#include "layers.h"

#include <string.h>

#include "convolution.h"
#include "normalisation.h"

uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static const float *biases_of(const layer *l, const float *parameters, int64_t weights) {
    return l->has_bias ? parameters + weights : NULL;
}

static void convolve_groups(const layer *l, const step *s, const float *parameters) {
    const int64_t weights = l->kind == CONVOLUTION
                                ? (int64_t)l->size * l->size * l->in.channels * l->out.channels
                                : (int64_t)l->size * l->size * l->in.channels;
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const from = l->input + g * elements(l->in);
        lanes *const to = l->output + g * elements(l->out);
        const float *const biases = biases_of(l, parameters, weights);
        if (l->kind == CONVOLUTION) {
            convolve(l->in, l->size, l->out.channels, from, parameters, biases, to);
        } else {
            convolve_depthwise(l->in, l->size, from, parameters, biases, to);
        }
    }
}

static void add_sums(const lanes *in_lanes, int64_t count, float *gradients) {
    for (int64_t i = 0; i < count; i++) {
        gradients[i] += lanes_sum(in_lanes[i]);
    }
}

static void add_bias_gradients(const layer *l, step *s, const lanes *output_gradients,
                               float *gradients) {
    const int32_t channels = l->out.channels;
    memset(s->weight_gradients, 0, (size_t)channels * sizeof *s->weight_gradients);
    for (int64_t i = 0; i < s->groups * pixels(l->out); i++) {
        for (int32_t c = 0; c < channels; c++) {
            s->weight_gradients[c] += output_gradients[i * channels + c];
        }
    }
    add_sums(s->weight_gradients, channels, gradients);
}

static void convolve_back(const layer *l, step *s, const float *parameters,
                          const lanes *output_gradients, lanes *input_gradients, float *gradients) {
    const bool is_full = l->kind == CONVOLUTION;
    const int32_t taps = l->size * l->size, channels = l->in.channels;
    const int64_t weights =
        is_full ? (int64_t)taps * channels * l->out.channels : (int64_t)taps * channels;
    if (l->has_bias) {
        add_bias_gradients(l, s, output_gradients, gradients + weights);
    }
    memset(s->weight_gradients, 0, (size_t)weights * sizeof *s->weight_gradients);
    if (is_full) {
        turn_weights(l->size, channels, l->out.channels, parameters, s->turned);
    } else {
        for (int64_t i = 0; i < weights; i++) {
            s->turned[i] = parameters[(taps - 1 - i / channels) * channels + i % channels];
        }
    }
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const from = l->input + g * elements(l->in);
        const lanes *const back = output_gradients + g * elements(l->out);
        lanes *const to = input_gradients == NULL ? NULL : input_gradients + g * elements(l->in);
        if (is_full) {
            add_weight_gradients(l->in, l->size, l->out.channels, from, back, s->weight_gradients);
        } else {
            add_depthwise_weight_gradients(l->in, l->size, from, back, s->weight_gradients);
        }
        if (to != NULL && is_full) {
            convolve(l->out, l->size, channels, back, s->turned, NULL, to);
        } else if (to != NULL) {
            convolve_depthwise(l->out, l->size, back, s->turned, NULL, to);
        }
    }
    add_sums(s->weight_gradients, weights, gradients);
}

/* The window's four inputs of one output; rows and columns that fill no window are left out. */
static const lanes *window(const layer *l, const lanes *group, int32_t y, int32_t x) {
    return group + ((int64_t)2 * y * l->in.width + 2 * x) * l->in.channels;
}

static void pool(const layer *l, const step *s) {
    const int32_t channels = l->in.channels, down = l->in.width * channels;
    lanes *to = l->output;
    for (int32_t g = 0; g < s->groups; g++) {
        for (int32_t y = 0; y < l->out.height; y++) {
            for (int32_t x = 0; x < l->out.width; x++) {
                const lanes *const from = window(l, l->input + g * elements(l->in), y, x);
                for (int32_t c = 0; c < channels; c++) {
                    *to++ = lanes_max(lanes_max(from[c], from[channels + c]),
                                      lanes_max(from[down + c], from[down + channels + c]));
                }
            }
        }
    }
}

/* To the first of the largest, as TensorFlow does. */
static void pool_back(const layer *l, const step *s, const lanes *output_gradients,
                      lanes *input_gradients) {
    const int32_t channels = l->in.channels, down = l->in.width * channels;
    const int32_t steps[] = {0, channels, down, down + channels};
    memset(input_gradients, 0, (size_t)(s->groups * elements(l->in)) * sizeof *input_gradients);
    const lanes *largest = l->output;
    for (int32_t g = 0; g < s->groups; g++) {
        for (int32_t y = 0; y < l->out.height; y++) {
            for (int32_t x = 0; x < l->out.width; x++) {
                const lanes *const from = window(l, l->input + g * elements(l->in), y, x);
                lanes *const to = input_gradients + (from - l->input);
                for (int32_t c = 0; c < channels; c++) {
                    lanes left = *output_gradients++;
                    const lanes maximum = *largest++;
                    for (int i = 0; i < 4; i++) {
                        const __typeof__(from[c] == maximum) mask = from[steps[i] + c] == maximum;
                        const lanes own = (lanes)((__typeof__(mask))left & mask);
                        to[steps[i] + c] = own;
                        left = (lanes)((__typeof__(mask))left & ~mask);
                    }
                }
            }
        }
    }
}

static void rectify(lanes *values, const lanes *outputs, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const __typeof__(outputs[i] > lanes_of(0)) mask = outputs[i] > lanes_of(0);
        values[i] = (lanes)((__typeof__(mask))values[i] & mask);
    }
}

static void average(const layer *l, const step *s) {
    const int32_t channels = l->in.channels;
    const float share = 1.0f / (float)pixels(l->in);
    memset(l->output, 0, (size_t)s->groups * (size_t)channels * sizeof *l->output);
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const from = l->input + g * elements(l->in);
        for (int64_t i = 0; i < elements(l->in); i++) {
            l->output[g * channels + i % channels] += from[i] * share;
        }
    }
}

static void average_back(const layer *l, const step *s, const lanes *output_gradients,
                         lanes *input_gradients) {
    const int32_t channels = l->in.channels;
    const float share = 1.0f / (float)pixels(l->in);
    for (int32_t g = 0; g < s->groups; g++) {
        for (int64_t i = 0; i < elements(l->in); i++) {
            input_gradients[g * elements(l->in) + i] =
                output_gradients[g * channels + i % channels] * share;
        }
    }
}

/* Each output is 0 or that much larger. While no training goes on, nothing happens. */
static void drop(const layer *l, step *s) {
    const int64_t count = s->groups * elements(l->in);
    for (int64_t i = 0; i < count; i++) {
        lanes factor = lanes_of(1);
        for (int lane = 0; s->is_training && lane < LANES; lane++) {
            const double chance = (double)(next_random(&s->random) >> 11) * 0x1p-53;
            factor[lane] = chance < (double)l->rate ? 0 : 1 / (1 - l->rate);
        }
        l->output[i] = l->input[i] * factor;
        l->output[count + i] = factor;
    }
}

static void multiply(const layer *l, const step *s, const float *parameters) {
    const int32_t inputs = l->in.channels, outputs = l->out.channels;
    for (int32_t g = 0; g < s->groups; g++) {
        for (int32_t o = 0; o < outputs; o++) {
            lanes sum = lanes_of(parameters[inputs * outputs + o]);
            for (int32_t i = 0; i < inputs; i++) {
                sum += l->input[g * inputs + i] * parameters[i * outputs + o];
            }
            l->output[g * outputs + o] = sum;
        }
    }
}

static void multiply_back(const layer *l, const step *s, const float *parameters,
                          const lanes *output_gradients, lanes *input_gradients, float *gradients) {
    const int32_t inputs = l->in.channels, outputs = l->out.channels;
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const back = output_gradients + g * outputs;
        for (int32_t i = 0; i < inputs; i++) {
            lanes sum = {0};
            for (int32_t o = 0; o < outputs; o++) {
                sum += back[o] * parameters[i * outputs + o];
                gradients[i * outputs + o] += lanes_sum(back[o] * l->input[g * inputs + i]);
            }
            input_gradients[g * inputs + i] = sum;
        }
        add_sums(back, outputs, gradients + inputs * outputs);
    }
}

void forward(const layer *l, step *s, float *parameters) {
    float *const own = parameters + l->first;
    switch (l->kind) {
    case BATCH_NORM:
        normalise(l, s, own);
        break;
    case CONVOLUTION:
    case DEPTHWISE:
        convolve_groups(l, s, own);
        break;
    case RELU:
        rectify(l->output, l->output, s->groups * elements(l->out));
        break;
    case MAX_POOL:
        pool(l, s);
        break;
    case MEAN:
        average(l, s);
        break;
    case DROPOUT:
        drop(l, s);
        break;
    default:
        multiply(l, s, own);
        break;
    }
}

void backward(const layer *l, step *s, const float *parameters, const lanes *output_gradients,
              lanes *input_gradients, float *gradients) {
    const float *const own = parameters + l->first;
    float *const to = gradients + l->first;
    const int64_t count = s->groups * elements(l->in);
    switch (l->kind) {
    case BATCH_NORM:
        normalise_back(l, s, own, output_gradients, input_gradients, to);
        break;
    case CONVOLUTION:
    case DEPTHWISE:
        convolve_back(l, s, own, output_gradients, input_gradients, to);
        break;
    case RELU:
        memcpy(input_gradients, output_gradients, (size_t)count * sizeof *input_gradients);
        rectify(input_gradients, l->output, count);
        break;
    case MAX_POOL:
        pool_back(l, s, output_gradients, input_gradients);
        break;
    case MEAN:
        average_back(l, s, output_gradients, input_gradients);
        break;
    case DROPOUT:
        for (int64_t i = 0; i < count; i++) {
            input_gradients[i] = output_gradients[i] * l->output[count + i];
        }
        break;
    default:
        multiply_back(l, s, own, output_gradients, input_gradients, to);
        break;
    }
}
