/* Plans the buffers of the nodes, and which nodes share a buffer. */
#include <stddef.h>

#include "structure.h"

#define OTHERS 4 /* buffers of the whole network, in this order */
enum { PARAMETER_GRADIENTS, LABELS, TURNED, WEIGHT_GRADIENTS };

int64_t most_buffers(int32_t count) { return 4 * (int64_t)count + OTHERS; }

static int32_t new_buffer(network *n, int64_t bytes) {
    n->buffers[n->buffer_count].bytes = bytes;
    return n->buffer_count++;
}

static int64_t lanes_bytes(const network *n, int64_t elements_of_image) {
    return n->step.groups * elements_of_image * (int64_t)sizeof(lanes);
}

/* Whether only its readers need the output of a node, and not its own backward pass. */
static bool is_for_readers(const node *of) {
    return of->kind != IMAGE && of->kind != RELU && of->kind != MAX_POOL;
}

/* Plan the output and the statistics of each node. A ReLU overwrites its input if nothing else
 * needs it. */
static void plan_outputs(network *n) {
    for (int32_t i = 0; i < n->count; i++) {
        node *const of = &n->nodes[i];
        plan *const own = &n->plans[i];
        own->statistics = own->gradients = own->scratch = NO_BUFFER;
        if (of->kind == RELU) {
            const node *const from = &n->nodes[of->inputs[0]];
            of->is_in_place = from->readers == 1 && is_for_readers(from);
        }
        if (of->kind == NORMALISATION) {
            own->statistics = new_buffer(n, 2 * (int64_t)sizeof(float) * of->in.channels);
        }
        const int64_t copies = of->kind == DROPOUT ? 2 : 1;
        own->output = of->is_in_place ? n->plans[of->inputs[0]].output
                                      : new_buffer(n, lanes_bytes(n, copies * elements(of->out)));
    }
}

/* Gradients of activations are needed only for a while. After that, other nodes use the buffer. */
typedef struct {
    network *n;
    int32_t first; /* index of the first buffer for gradients */
    bool *is_free; /* [buffers for gradients] */
} shelf;

/* Take the smallest free buffer that is large enough. If there is none, enlarge the largest free
 * buffer. If no buffer is free, add a new one. */
static int32_t take_buffer(shelf *of, int64_t bytes) {
    buffer *const all = of->n->buffers;
    int32_t best = NO_BUFFER;
    for (int32_t i = of->first; i < of->n->buffer_count; i++) {
        if (!of->is_free[i - of->first]) {
            continue;
        }
        const bool is_enough = all[i].bytes >= bytes;
        const bool was_enough = best != NO_BUFFER && all[best].bytes >= bytes;
        const bool is_better =
            was_enough ? is_enough && all[i].bytes < all[best].bytes
                       : is_enough || best == NO_BUFFER || all[i].bytes > all[best].bytes;
        best = is_better ? i : best;
    }
    if (best == NO_BUFFER) {
        best = new_buffer(of->n, bytes);
    }
    all[best].bytes = all[best].bytes > bytes ? all[best].bytes : bytes;
    of->is_free[best - of->first] = false;
    return best;
}

static void give_buffer(shelf *of, int32_t index) { of->is_free[index - of->first] = true; }

/* Whether the gradients of the input may overwrite those of the output. */
static bool is_value_by_value(const node *of) {
    return of->kind == RELU || of->kind == DROPOUT || of->kind == ADDITION;
}

/* Plan where the gradients of one input of a node are written. If another reader of that input has
 * written gradients already, the new ones are added. */
static void plan_input(shelf *of, int32_t index, int32_t which, bool *is_passed_on) {
    const node *const at = &of->n->nodes[index];
    plan *const own = &of->n->plans[index];
    plan *const from = &of->n->plans[at->inputs[which]];
    own->is_added[which] = from->gradients != NO_BUFFER;
    if (!own->is_added[which] && which == 0 && is_value_by_value(at)) {
        from->gradients = own->gradients;
        *is_passed_on = true;
    } else if (!own->is_added[which]) {
        from->gradients = take_buffer(of, lanes_bytes(of->n, elements(at->in)));
    } else if (is_value_by_value(at)) {
        own->scratch = own->gradients;
    } else {
        own->scratch = take_buffer(of, lanes_bytes(of->n, elements(at->in)));
        give_buffer(of, own->scratch);
    }
}

/* Plan the gradients from the last node to the first, in the order of the backward pass. */
static void plan_gradients(shelf *of) {
    network *const n = of->n;
    n->plans[n->count - 1].gradients = take_buffer(of, lanes_bytes(n, elements(last_of(n)->out)));
    for (int32_t i = n->count - 1; i >= 0; i--) {
        const node *const at = &n->nodes[i];
        bool is_passed_on = false;
        /* The first input may take over the buffer, so it is planned last. */
        for (int32_t which = at->input_count - 1; which >= 0; which--) {
            if (at->is_trained && n->nodes[at->inputs[which]].is_trained) {
                plan_input(of, i, which, &is_passed_on);
            }
        }
        if (at->is_trained && !is_passed_on) {
            give_buffer(of, n->plans[i].gradients);
        }
    }
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Plan the buffers of the whole network. */
static void plan_others(network *n) {
    int64_t most_weights = 0;
    for (int32_t i = 0; i < n->count; i++) {
        most_weights = larger(most_weights, larger(n->nodes[i].count, 2 * n->nodes[i].in.channels));
    }
    n->shared_buffer = new_buffer(n, n->parameters * (int64_t)sizeof(float));
    new_buffer(n, part_of(n) * (int64_t)sizeof(int32_t));
    new_buffer(n, most_weights * (int64_t)sizeof(float));
    new_buffer(n, lanes_bytes(n, most_weights));
}

void plan_buffers(network *n, bool *is_free) {
    plan_outputs(n);
    shelf gradients = {n, n->buffer_count, is_free};
    plan_gradients(&gradients);
    plan_others(n);
}

static void *memory_of(const network *n, int32_t index) {
    return index == NO_BUFFER ? NULL : n->buffers[index].memory;
}

void connect_buffers(network *n) {
    for (int32_t i = 0; i < n->count; i++) {
        node *const of = &n->nodes[i];
        of->output = memory_of(n, n->plans[i].output);
        of->statistics = memory_of(n, n->plans[i].statistics);
        of->gradients = memory_of(n, n->plans[i].gradients);
        of->input = of->input_count > 0 ? n->nodes[of->inputs[0]].output : NULL;
        of->other = of->input_count > 1 ? n->nodes[of->inputs[1]].output : NULL;
    }
    n->gradients = memory_of(n, n->shared_buffer + PARAMETER_GRADIENTS);
    n->labels = memory_of(n, n->shared_buffer + LABELS);
    n->step.turned = memory_of(n, n->shared_buffer + TURNED);
    n->step.weight_gradients = memory_of(n, n->shared_buffer + WEIGHT_GRADIENTS);
}
