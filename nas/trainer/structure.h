/* What a network is made of; for the trainer's own files. */
#ifndef STRUCTURE_H
#define STRUCTURE_H

#include "network.h"
#include "nodes.h"

#define NO_BUFFER (-1)

/* Memory of its own, so that a sanitizer sees what is read or written beyond it. */
typedef struct {
    int64_t bytes;
    void *memory;
} buffer;

/* Buffers of a node; those for gradients hold those of several nodes, one after the other. */
typedef struct {
    int32_t output, statistics; /* buffers of the node's own */
    int32_t gradients;          /* of its output */
    int32_t scratch;            /* where those of its input are computed before they are added */
    bool is_added[2];           /* whether another reader has given gradients to this input */
} plan;

struct network {
    node *nodes;
    plan *plans;
    int32_t count;
    step step;
    float scale; /* from a byte to the network's input */
    int64_t parameters;
    buffer *buffers;
    int32_t buffer_count, shared_buffer; /* of which the first of those of the whole network */
    int32_t *labels;                     /* of the images at hand */
    float *gradients;                    /* of the parameters */
};

/* Images that go through the network together. */
static inline int64_t part_of(const network *n) { return (int64_t)n->step.groups * LANES; }

static inline node *last_of(const network *n) { return &n->nodes[n->count - 1]; }

static inline int32_t classes_of(const network *n) { return last_of(n)->out.channels; }

/* Every node with its shapes and parameters. Gives the row to blame if it cannot be. */
int32_t read_rows(network *n, const network_row *rows, int32_t *refused);

/* The number of buffers that `plan_buffers` may need for so many nodes. */
int64_t most_buffers(int32_t count);

/* The buffers of all nodes and of the whole network, without their memory; `is_free` is work space
 * for a mark of each. */
void plan_buffers(network *n, bool *is_free);

/* Let the nodes and the step point into the memory of the buffers. */
void connect_buffers(network *n);

/* Whether a call can be done: arrays that are long enough, images and labels that exist. */
int32_t check_source(const network *n, const source *from, int64_t needed, bool has_labels);
int32_t check_settings(const step_settings *settings);
bool holds(float_array array, int64_t count);

/* Whether all values are finite numbers. */
bool are_finite(const float *values, int64_t count);

#endif
