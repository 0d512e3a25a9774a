/* A network that is trained and asked: what Python calls. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

typedef struct network network;

/* How a call ended. Nothing is read or written beyond an array; after any end but OK and DIVERGED
 * nothing was computed. */
enum network_status {
    NETWORK_OK,
    NETWORK_LAYERS,   /* the rows make no network */
    NETWORK_MEMORY,   /* memory is short */
    NETWORK_SIZE,     /* an array is absent or shorter than what it has to hold */
    NETWORK_IMAGE,    /* the order names an image that is not there */
    NETWORK_LABEL,    /* a label is none of the classes */
    NETWORK_RECIPE,   /* a number of the recipe cannot be */
    NETWORK_DIVERGED, /* a number that came out is not finite */
};

/* Arrays with the number of their elements. */
typedef struct {
    float *values;
    int64_t count;
} float_array;

/* Images on disk, of which a step takes some. */
typedef struct {
    const uint8_t *images; /* [image_count][height][width][channels] */
    const int32_t *labels; /* [image_count]; null if nobody asks */
    const int64_t *order;  /* [order_count]: indices of images, one step after the other */
    int64_t image_count, order_count;
} source;

/* How a step trains. */
typedef struct {
    float smoothing;     /* share of a label that goes to all classes alike */
    float flip;          /* chance that an image is mirrored */
    int32_t shift;       /* rows and columns by which an image is moved at most, below 32,768 */
    int32_t accumulated; /* parts of a batch whose gradients are added up */
    uint64_t seed;
} recipe;

/* Rows of `network_row_fields()` numbers: kind, output channels, size, has biases, rate in
 * thousandths. The last layer is DENSE. Gives null and the reason if there can be no network. */
network *network_create(const int32_t *rows, int32_t count, const int32_t *input, int32_t groups,
                        float scale, float offset, int32_t *status);
void network_destroy(network *n);

int64_t network_parameters(const network *n);
int64_t network_bytes(const network *n);

/* Facts that Python has too, for a test that compares them. */
int32_t network_lanes(void);
int32_t network_alignment(void);
int32_t network_row_fields(void);

/* The kind of layer of a name such as "MAX_POOL"; 0 if there is none. */
int32_t network_layer_kind(const char *name);

/* Threads that work side by side from now on, at most one for each 16 images of a part; results do
 * not depend on it. */
void network_use_threads(network *n, int32_t threads);

/* Take a step with Adam for each rate, the first one number `first_step` of all; gives the mean
 * loss. `state` is the parameters, then Adam's two moments, each of network_parameters values. */
int32_t network_train(network *n, float_array state, const source *from, const recipe *how,
                      int64_t first_step, float_array rates, double *loss);

/* The gradients of one batch, without dropout and without a step; gives its loss. */
int32_t network_gradients(network *n, float_array parameters, const source *from, const recipe *how,
                          float_array gradients, double *loss);

/* Class probabilities [order_count][classes]. */
int32_t network_predict(network *n, float_array parameters, const source *from,
                        float_array probabilities);

/* Widen the range of each channel after each layer, one layer after the other, to hold what the
 * layers give for some images: lowest and highest values [channels of all layers][2]. */
int32_t network_ranges(network *n, float_array parameters, const source *from, float_array ranges);

#endif
