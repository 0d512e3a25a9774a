#include "network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "loss.h"

#define FIELDS 5
#define ALIGNMENT 64

struct network {
    layer *layers;
    int32_t count;
    step step;
    shape input;
    float scale, offset; /* from a byte to the network's input */
    lanes *images;       /* [groups][input] */
    lanes *losses;       /* [groups][classes]: gradients of the logits */
    lanes *back[2];      /* gradients of activations, there and back */
    float *gradients;
    int64_t parameters, bytes;
    int32_t *labels; /* of the images at hand */
};

static void *take(network *n, int64_t size) {
    const size_t whole = ((size_t)size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
    n->bytes += (int64_t)whole;
    void *const memory = aligned_alloc(ALIGNMENT, whole);
    if (memory != NULL) {
        memset(memory, 0, whole);
    }
    return memory;
}

static lanes *take_lanes(network *n, int64_t count) {
    return take(n, count * (int64_t)sizeof(lanes));
}

static int64_t weights_of(const layer *l) {
    const int64_t taps = (int64_t)l->size * l->size;
    switch (l->kind) {
    case BATCH_NORM:
        return 4 * (int64_t)l->in.channels;
    case CONVOLUTION:
        return (taps * l->in.channels + (l->has_bias ? 1 : 0)) * l->out.channels;
    case DEPTHWISE:
        return (taps + (l->has_bias ? 1 : 0)) * l->in.channels;
    case DENSE:
        return ((int64_t)l->in.channels + 1) * l->out.channels;
    default:
        return 0;
    }
}

static shape output_of(const layer *l, int32_t channels) {
    shape out = l->in;
    if (l->kind == CONVOLUTION || l->kind == DENSE) {
        out.channels = channels;
    } else if (l->kind == MAX_POOL) {
        out.height /= 2;
        out.width /= 2;
    } else if (l->kind == MEAN) {
        out.height = out.width = 1;
    }
    return out;
}

/* Shapes, parameters and memory of one layer; false if it cannot be. */
static bool add_layer(network *n, layer *l, const int32_t *row, shape in, lanes *input) {
    const int64_t groups = n->step.groups;
    l->kind = row[0];
    l->in = in;
    l->size = row[2];
    l->has_bias = row[3] != 0;
    l->rate = (float)row[4] / 1000;
    l->out = output_of(l, row[1]);
    l->first = n->parameters;
    l->count = weights_of(l);
    l->input = input;
    n->parameters += l->count;
    if (elements(l->out) <= 0 || (l->kind == DENSE && (int64_t)in.height * in.width != 1)) {
        return false;
    }
    if (l->kind == BATCH_NORM) {
        l->statistics = take(n, 2 * (int64_t)sizeof(float) * in.channels);
    }
    const int64_t factor = l->kind == DROPOUT ? 2 : 1;
    l->output = l->kind == RELU ? input : take_lanes(n, factor * groups * elements(l->out));
    return l->output != NULL && (l->kind != BATCH_NORM || l->statistics != NULL);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static bool take_work(network *n) {
    const int64_t groups = n->step.groups;
    int64_t most_weights = 0, most_elements = elements(n->input);
    for (int32_t i = 0; i < n->count; i++) {
        most_weights =
            larger(most_weights, larger(n->layers[i].count, 2 * n->layers[i].in.channels));
        most_elements = larger(most_elements, elements(n->layers[i].out));
    }
    n->losses = take_lanes(n, groups * n->layers[n->count - 1].out.channels);
    n->back[0] = take_lanes(n, groups * most_elements);
    n->back[1] = take_lanes(n, groups * most_elements);
    n->gradients = take(n, n->parameters * (int64_t)sizeof(float));
    n->labels = take(n, groups * LANES * (int64_t)sizeof(int32_t));
    n->step.turned = take(n, most_weights * (int64_t)sizeof(float));
    n->step.weight_gradients = take_lanes(n, most_weights);
    return n->losses && n->back[0] && n->back[1] && n->gradients && n->labels && n->step.turned &&
           n->step.weight_gradients;
}

network *network_create(const int32_t *rows, int32_t count, const int32_t *input, int32_t groups,
                        float scale, float offset) {
    network *const n = calloc(1, sizeof *n);
    if (n == NULL || count < 1 || groups < 1 || rows[(count - 1) * FIELDS] != DENSE) {
        free(n);
        return NULL;
    }
    n->step.groups = groups;
    n->scale = scale;
    n->offset = offset;
    n->input = (shape){input[0], input[1], input[2]};
    n->images = take_lanes(n, groups * elements(n->input));
    n->layers = calloc((size_t)count, sizeof *n->layers);
    bool holds = n->images != NULL && n->layers != NULL;
    shape in = n->input;
    lanes *last = n->images;
    for (int32_t i = 0; holds && i < count; i++) {
        holds = add_layer(n, &n->layers[i], rows + i * FIELDS, in, last);
        n->count = i + 1;
        in = n->layers[i].out;
        last = n->layers[i].output;
    }
    if (!holds || !take_work(n)) {
        network_destroy(n);
        return NULL;
    }
    return n;
}

void network_destroy(network *n) {
    for (int32_t i = 0; i < n->count; i++) {
        free(n->layers[i].statistics);
        if (n->layers[i].kind != RELU) {
            free(n->layers[i].output);
        }
    }
    void *const others[] = {n->images,    n->losses, n->back[0],     n->back[1],
                            n->gradients, n->labels, n->step.turned, n->step.weight_gradients};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        free(others[i]);
    }
    free(n->layers);
    free(n);
}

int64_t network_parameters(const network *n) { return n->parameters; }

int64_t network_bytes(const network *n) { return n->bytes; }

static int32_t limited(int32_t value, int32_t end) {
    return value < 0 ? 0 : value >= end ? end - 1 : value;
}

/* One image into its lane, perhaps mirrored and moved; what comes in at a border repeats it. */
static void load_image(network *n, const uint8_t *image, lanes *group, int lane,
                       const recipe *how) {
    bool is_mirrored = false;
    int32_t down = 0, right = 0;
    if (how != NULL && n->step.is_training && (how->flip > 0 || how->shift > 0)) {
        const uint64_t bits = next_random(&n->step.random);
        const int32_t range = 2 * how->shift + 1;
        is_mirrored = (float)(bits & 0xFFFF) / 0x1p16f < how->flip;
        down = (int32_t)((bits >> 16 & 0xFFFF) % (uint64_t)range) - how->shift;
        right = (int32_t)((bits >> 32 & 0xFFFF) % (uint64_t)range) - how->shift;
    }
    for (int32_t y = 0; y < n->input.height; y++) {
        const uint8_t *const row = image + (int64_t)limited(y + down, n->input.height) *
                                               n->input.width * n->input.channels;
        for (int32_t x = 0; x < n->input.width; x++) {
            int32_t from = limited(x + right, n->input.width);
            from = is_mirrored ? n->input.width - 1 - from : from;
            for (int32_t c = 0; c < n->input.channels; c++) {
                (*group++)[lane] = (float)row[from * n->input.channels + c] * n->scale + n->offset;
            }
        }
    }
}

/* So many images from a position of the order; lanes beyond repeat the last of them. */
static void load(network *n, const source *from, int64_t position, int64_t count,
                 const recipe *how) {
    for (int64_t i = 0; i < (int64_t)n->step.groups * LANES; i++) {
        const int64_t index = from->order[position + (i < count ? i : count - 1)];
        load_image(n, from->images + index * elements(n->input),
                   n->images + i / LANES * elements(n->input), (int)(i % LANES), how);
        n->labels[i] = from->labels == NULL ? 0 : from->labels[index];
    }
}

static const lanes *run(network *n, float *parameters) {
    for (int32_t i = 0; i < n->count; i++) {
        forward(&n->layers[i], &n->step, parameters);
    }
    return n->layers[n->count - 1].output;
}

static double lose(network *n, const lanes *logits, const recipe *how, int64_t batch) {
    const batch_labels labels = {n->labels, n->step.groups, batch};
    return cross_entropy(logits, n->layers[n->count - 1].out.channels, &labels, how->smoothing,
                         n->losses);
}

/* Whether a layer, or one before it, has parameters: then its gradients are needed. */
static bool is_needed(const network *n, int32_t layers) {
    for (int32_t i = 0; i < layers; i++) {
        if (n->layers[i].count > 0) {
            return true;
        }
    }
    return false;
}

static void run_back(network *n, const float *parameters, float *gradients) {
    const lanes *back = n->losses;
    for (int32_t i = n->count - 1; i >= 0; i--) {
        lanes *const to = is_needed(n, i) ? n->back[i % 2] : NULL;
        backward(&n->layers[i], &n->step, parameters, back, to, gradients);
        if (to == NULL) {
            return;
        }
        back = to;
    }
}

/* Source: Kingma and Ba, Adam, 2015, in the form of Keras. */
static void adam(float *state, int64_t count, const float *gradients, int64_t step_number,
                 float rate) {
    const float first = 0.9f, second = 0.999f, epsilon = 1e-7f;
    const double t = (double)step_number;
    const float alpha =
        rate * (float)(sqrt(1 - pow((double)second, t)) / (1 - pow((double)first, t)));
    float *const m = state + count, *const v = m + count;
    for (int64_t i = 0; i < count; i++) {
        m[i] += (gradients[i] - m[i]) * (1 - first);
        v[i] += (gradients[i] * gradients[i] - v[i]) * (1 - second);
        state[i] -= alpha * m[i] / (sqrtf(v[i]) + epsilon);
    }
}

double network_train(network *n, float *state, const source *from, const recipe *how, int64_t steps,
                     int64_t first_step, const float *rates) {
    const int64_t part = (int64_t)n->step.groups * LANES, batch = part * how->accumulated;
    double loss = 0;
    n->step.is_training = true;
    for (int64_t i = 0; i < steps; i++) {
        n->step.random = how->seed ^ (uint64_t)(first_step + i) * UINT64_C(0xD1342543DE82EF95);
        memset(n->gradients, 0, (size_t)n->parameters * sizeof *n->gradients);
        for (int32_t j = 0; j < how->accumulated; j++) {
            load(n, from, i * batch + j * part, part, how);
            loss += lose(n, run(n, state), how, batch) / (double)batch;
            run_back(n, state, n->gradients);
        }
        adam(state, n->parameters, n->gradients, first_step + i + 1, rates[i]);
    }
    return loss / (double)steps;
}

double network_gradients(network *n, float *parameters, const source *from, const recipe *how,
                         float *gradients) {
    const int64_t batch = (int64_t)n->step.groups * LANES;
    n->step.is_training = true;
    n->step.random = how->seed;
    load(n, from, 0, batch, how);
    const double loss = lose(n, run(n, parameters), how, batch);
    memset(gradients, 0, (size_t)n->parameters * sizeof *gradients);
    run_back(n, parameters, gradients);
    return loss / (double)batch;
}

void network_predict(network *n, float *parameters, const source *from, int64_t count,
                     float *probabilities) {
    const int32_t classes = n->layers[n->count - 1].out.channels;
    const int64_t part = (int64_t)n->step.groups * LANES;
    n->step.is_training = false;
    for (int64_t first = 0; first < count; first += part) {
        const int64_t own = count - first < part ? count - first : part;
        load(n, from, first, own, NULL);
        const lanes *const logits = run(n, parameters);
        for (int64_t i = 0; i < own; i++) {
            softmax(logits + i / LANES * classes, classes, (int)(i % LANES),
                    probabilities + (first + i) * classes);
        }
    }
}
