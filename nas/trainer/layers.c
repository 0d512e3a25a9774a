#include "layers.h"

#include <stdlib.h>
#include <string.h>

#include "convolution.h"
#include "normalisation.h"
#include "pooling.h"

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
    EACH_GROUP
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

void add_groups(int32_t groups, int64_t count, lanes *values) {
    for (int32_t g = 1; g < groups; g++) {
        const lane_value *const from = floats(values + g * count);
        lane_value *const to = floats_of(values);
        for (int64_t i = 0; i < count * LANES; i++) {
            to[i] += from[i];
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
    const int32_t channels = l->out.channels, across = channels * LANES;
    lane_value *const sums = floats_of(s->weight_gradients);
    memset(sums, 0, (size_t)across * sizeof *sums);
    const lane_value *from = floats(output_gradients);
    for (int64_t i = 0; i < s->groups * pixels(l->out); i++) {
        for (int32_t j = 0; j < across; j++) {
            sums[j] += from[j];
        }
        from += across;
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
    if (is_full) {
        turn_weights(l->size, channels, l->out.channels, parameters, s->turned);
    } else {
        for (int64_t i = 0; i < weights; i++) {
            s->turned[i] = parameters[(taps - 1 - i / channels) * channels + i % channels];
        }
    }
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const from = l->input + g * elements(l->in);
        const lanes *const back = output_gradients + g * elements(l->out);
        lanes *const to = input_gradients == NULL ? NULL : input_gradients + g * elements(l->in);
        lanes *const sums = s->weight_gradients + g * weights;
        memset(sums, 0, (size_t)weights * sizeof *sums);
        if (is_full) {
            add_weight_gradients(l->in, l->size, l->out.channels, from, back, sums);
        } else {
            add_depthwise_weight_gradients(l->in, l->size, from, back, sums);
        }
        if (to != NULL && is_full) {
            convolve(l->out, l->size, channels, back, s->turned, NULL, to);
        } else if (to != NULL) {
            convolve_depthwise(l->out, l->size, back, s->turned, NULL, to);
        }
    }
    add_groups(s->groups, weights, s->weight_gradients);
    add_sums(s->weight_gradients, weights, gradients);
}

/* 0 where the output is not above 0. */
static void rectify(const layer *l, const step *s, const lanes *from, lanes *to) {
    const int64_t count = elements(l->out) * LANES;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const outputs = floats(l->output) + g * count;
        const lane_value *const values = floats(from) + g * count;
        lane_value *const own = floats_of(to) + g * count;
        for (int64_t i = 0; i < count; i++) {
            own[i] = outputs[i] > 0 ? values[i] : 0;
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
            if (input_gradients != NULL) {
                input_gradients[g * inputs + i] = sum;
            }
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
        rectify(l, s, l->output, l->output);
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
    case DENSE:
        multiply(l, s, own);
        break;
    default:
        abort(); /* network_create lets no other kind in */
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
        rectify(l, s, output_gradients, input_gradients);
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
    case DENSE:
        multiply_back(l, s, own, output_gradients, input_gradients, to);
        break;
    default:
        abort(); /* network_create lets no other kind in */
    }
}
