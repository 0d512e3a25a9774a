#include <stdlib.h>
#include <string.h>

#include "structure.h"

#define FIELDS 5
#define ALIGNMENT 64

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
    n->step.weight_gradients = take_lanes(n, groups * most_weights);
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
    n->step.threads = 1;
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
