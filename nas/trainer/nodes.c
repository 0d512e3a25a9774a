#include "nodes.h"

#include <stdlib.h>
#include <string.h>

#include "elementwise.h"
#include "normalisation.h"
#include "pooling.h"

static int64_t weights_in(const node *of) {
    const int64_t taps = (int64_t)taps_in(&of->kernels) * of->in.channels;
    return of->kind == CONVOLUTION ? taps * of->out.channels : taps;
}

static void convolve_groups(const node *of, const step *s, const float *parameters) {
    const float *const biases = of->has_bias ? parameters + weights_in(of) : NULL;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const from = of->input + g * elements(of->in);
        lanes *const to = of->output + g * elements(of->out);
        if (of->kind == CONVOLUTION) {
            convolve(&of->kernels, from, parameters, biases, to);
        } else {
            convolve_depthwise(&of->kernels, from, parameters, biases, to);
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

void add_sums(const lanes *in_lanes, int64_t count, float *gradients) {
    for (int64_t i = 0; i < count; i++) {
        gradients[i] += lanes_sum(in_lanes[i]);
    }
}

static void add_bias_gradients(const node *of, step *s, float *gradients) {
    const int32_t channels = of->out.channels, across = channels * LANES;
    lane_value *const sums = floats_of(s->weight_gradients);
    memset(sums, 0, (size_t)across * sizeof *sums);
    const lane_value *from = floats(of->gradients);
    for (int64_t i = 0; i < s->groups * pixels(of->out); i++) {
        for (int32_t j = 0; j < across; j++) {
            sums[j] += from[j];
        }
        from += across;
    }
    add_sums(s->weight_gradients, channels, gradients);
}

static void convolve_back(const node *of, step *s, const float *parameters, lanes *input_gradients,
                          float *gradients) {
    const bool is_full = of->kind == CONVOLUTION;
    const int64_t weights = weights_in(of);
    if (of->has_bias) {
        add_bias_gradients(of, s, gradients + weights);
    }
    if (is_full) {
        turn_weights(&of->kernels, parameters, s->turned);
    } else {
        turn_depthwise_weights(&of->kernels, parameters, s->turned);
    }
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const from = of->input + g * elements(of->in);
        const lanes *const back = of->gradients + g * elements(of->out);
        lanes *const to = input_gradients == NULL ? NULL : input_gradients + g * elements(of->in);
        lanes *const sums = s->weight_gradients + g * weights;
        memset(sums, 0, (size_t)weights * sizeof *sums);
        if (is_full) {
            add_weight_gradients(&of->kernels, from, back, sums);
        } else {
            add_depthwise_weight_gradients(&of->kernels, from, back, sums);
        }
        if (to != NULL && is_full) {
            carry_back(&of->kernels, back, s->turned, to);
        } else if (to != NULL) {
            carry_depthwise_back(&of->kernels, back, s->turned, to);
        }
    }
    add_groups(s->groups, weights, s->weight_gradients);
    add_sums(s->weight_gradients, weights, gradients);
}

static void multiply(const node *of, const step *s, const float *parameters) {
    const int32_t inputs = of->in.channels, outputs = of->out.channels;
    for (int32_t g = 0; g < s->groups; g++) {
        for (int32_t o = 0; o < outputs; o++) {
            lanes sum = lanes_of(parameters[inputs * outputs + o]);
            for (int32_t i = 0; i < inputs; i++) {
                sum += of->input[g * inputs + i] * parameters[i * outputs + o];
            }
            of->output[g * outputs + o] = sum;
        }
    }
}

static void multiply_back(const node *of, const step *s, const float *parameters,
                          lanes *input_gradients, float *gradients) {
    const int32_t inputs = of->in.channels, outputs = of->out.channels;
    for (int32_t g = 0; g < s->groups; g++) {
        const lanes *const back = of->gradients + g * outputs;
        for (int32_t i = 0; i < inputs; i++) {
            lanes sum = {0};
            for (int32_t o = 0; o < outputs; o++) {
                sum += back[o] * parameters[i * outputs + o];
                gradients[i * outputs + o] += lanes_sum(back[o] * of->input[g * inputs + i]);
            }
            if (input_gradients != NULL) {
                input_gradients[g * inputs + i] = sum;
            }
        }
        add_sums(back, outputs, gradients + inputs * outputs);
    }
}

void forward(const node *of, step *s, float *parameters) {
    float *const own = parameters + of->first;
    switch (of->kind) {
    case IMAGE:
        break;
    case CONVOLUTION:
    case DEPTHWISE:
        convolve_groups(of, s, own);
        break;
    case NORMALISATION:
        normalise(of, s, own);
        break;
    case RELU:
        rectify(of, s);
        break;
    case ADDITION:
        add(of, s);
        break;
    case MAX_POOL:
        pool_largest(of, s);
        break;
    case AVERAGE_POOL:
        pool_average(of, s);
        break;
    case MEAN:
        average(of, s);
        break;
    case DROPOUT:
        drop(of, s);
        break;
    case DENSE:
        multiply(of, s, own);
        break;
    default:
        abort(); /* read_row lets no other kind in */
    }
}

void backward(const node *of, step *s, const float *parameters, lanes *input_gradients,
              float *gradients) {
    const float *const own = parameters + of->first;
    float *const to = gradients + of->first;
    switch (of->kind) {
    case CONVOLUTION:
    case DEPTHWISE:
        convolve_back(of, s, own, input_gradients, to);
        break;
    case NORMALISATION:
        normalise_back(of, s, own, input_gradients, to);
        break;
    case RELU:
        rectify_back(of, s, input_gradients);
        break;
    case MAX_POOL:
        pool_largest_back(of, s, input_gradients);
        break;
    case AVERAGE_POOL:
        pool_average_back(of, s, input_gradients);
        break;
    case MEAN:
        average_back(of, s, input_gradients);
        break;
    case DROPOUT:
        drop_back(of, s, input_gradients);
        break;
    case DENSE:
        multiply_back(of, s, own, input_gradients, to);
        break;
    case IMAGE:
    case ADDITION:
    default:
        abort(); /* no gradients go back to an image, and run_back adds for an addition */
    }
}
