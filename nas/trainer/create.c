#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "structure.h"

#define FIELDS 5
#define ALIGNMENT 64
/* Within these no index or product of sizes in the layers' loops passes 31 bits. */
#define MOST_CHANNELS 16384
#define MOST_ROW (1 << 24) /* values of a row of pixels */
#define MOST_ELEMENTS (1 << 28)
#define MOST_GROUPS 4096
#define MOST_SIZE 255 /* rows and columns of a kernel */

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
    case RELU:
    case MAX_POOL:
    case MEAN:
    case DROPOUT:
        return 0;
    default:
        abort(); /* is_possible lets no other kind in */
    }
}

static bool is_shape(shape s) {
    return s.height > 0 && s.width > 0 && s.channels > 0 && s.channels <= MOST_CHANNELS &&
           (int64_t)s.width * s.channels <= MOST_ROW && pixels(s) <= MOST_ELEMENTS &&
           elements(s) <= MOST_ELEMENTS;
}

/* Whether a row can be a layer after an activation. */
static bool is_possible(const int32_t *row, shape in) {
    const bool has_kernel = row[2] >= 1 && row[2] <= MOST_SIZE && row[2] % 2 == 1;
    const bool has_channels = row[1] >= 1 && row[1] <= MOST_CHANNELS;
    switch (row[0]) {
    case BATCH_NORM:
    case RELU:
    case MEAN:
        return true;
    case CONVOLUTION:
        return has_kernel && has_channels;
    case DEPTHWISE:
        return has_kernel;
    case MAX_POOL:
        return in.height >= 2 && in.width >= 2;
    case DROPOUT:
        return row[4] >= 0 && row[4] < 1000;
    case DENSE:
        return has_channels && pixels(in) == 1;
    default:
        return false;
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

/* Shapes, parameters and memory of one layer. */
static int32_t add_layer(network *n, layer *l, const int32_t *row, shape in, lanes *input) {
    const int64_t groups = n->step.groups;
    if (!is_possible(row, in)) {
        return NETWORK_LAYERS;
    }
    l->kind = (enum layer_kind)row[0];
    l->in = in;
    l->size = row[2];
    l->has_bias = row[3] != 0;
    l->rate = (float)row[4] / 1000;
    l->out = output_of(l, row[1]);
    l->first = n->parameters;
    l->count = weights_of(l);
    l->input = input;
    n->parameters += l->count;
    if (!is_shape(l->out) || l->count > MOST_ELEMENTS) {
        return NETWORK_LAYERS;
    }
    if (l->kind == BATCH_NORM) {
        l->statistics = take(n, 2 * (int64_t)sizeof(float) * in.channels);
    }
    const int64_t factor = l->kind == DROPOUT ? 2 : 1;
    l->output = l->kind == RELU ? input : take_lanes(n, factor * groups * elements(l->out));
    const bool is_short = l->output == NULL || (l->kind == BATCH_NORM && l->statistics == NULL);
    return is_short ? NETWORK_MEMORY : NETWORK_OK;
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

/* All layers, one after the other, and what a step needs besides them. */
static int32_t add_layers(network *n, const int32_t *rows, int32_t count) {
    n->images = take_lanes(n, n->step.groups * elements(n->input));
    n->layers = calloc((size_t)count, sizeof *n->layers);
    if (n->images == NULL || n->layers == NULL) {
        return NETWORK_MEMORY;
    }
    shape in = n->input;
    lanes *last = n->images;
    for (int32_t i = 0; i < count; i++) {
        n->count = i + 1;
        const int32_t status = add_layer(n, &n->layers[i], rows + i * FIELDS, in, last);
        if (status != NETWORK_OK) {
            return status;
        }
        in = n->layers[i].out;
        last = n->layers[i].output;
    }
    return take_work(n) ? NETWORK_OK : NETWORK_MEMORY;
}

network *network_create(const int32_t *rows, int32_t count, const int32_t *input, int32_t groups,
                        float scale, float offset, int32_t *status) {
    const shape in = {input[0], input[1], input[2]};
    *status = NETWORK_LAYERS;
    if (count < 1 || groups < 1 || groups > MOST_GROUPS || !is_shape(in) || !isfinite(scale) ||
        !isfinite(offset) || rows[(count - 1) * FIELDS] != DENSE) {
        return NULL;
    }
    network *const n = calloc(1, sizeof *n);
    if (n == NULL) {
        *status = NETWORK_MEMORY;
        return NULL;
    }
    n->step.groups = groups;
    n->step.threads = 1;
    n->scale = scale;
    n->offset = offset;
    n->input = in;
    *status = add_layers(n, rows, count);
    if (*status != NETWORK_OK) {
        network_destroy(n);
        return NULL;
    }
    return n;
}

void network_destroy(network *n) {
    if (n == NULL) {
        return;
    }
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

int32_t network_lanes(void) { return LANES; }

int32_t network_alignment(void) { return ALIGNMENT; }

int32_t network_row_fields(void) { return FIELDS; }

int32_t network_layer_kind(const char *name) {
    static const struct {
        const char *name;
        enum layer_kind kind;
    } kinds[] = {{"BATCH_NORM", BATCH_NORM}, {"CONVOLUTION", CONVOLUTION},
                 {"DEPTHWISE", DEPTHWISE},   {"RELU", RELU},
                 {"MAX_POOL", MAX_POOL},     {"MEAN", MEAN},
                 {"DROPOUT", DROPOUT},       {"DENSE", DENSE}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return (int32_t)kinds[i].kind;
        }
    }
    return 0;
}
