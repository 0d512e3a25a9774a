/* A network that is trained and asked: what Python calls. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

typedef struct network network;

/* How a call ended. Nothing is read or written beyond an array; after any end but OK and DIVERGED
 * nothing was computed. */
enum network_status {
    NETWORK_OK,
    NETWORK_CALL,      /* rows, groups or the scale of images cannot be */
    NETWORK_KIND,      /* a row is of no kind that is known where it stands */
    NETWORK_INPUT,     /* a row reads one that does not stand before it */
    NETWORK_SHAPE,     /* a row cannot take the shapes of what it reads */
    NETWORK_NUMBER,    /* a number of a row cannot be */
    NETWORK_LARGE,     /* a row gives, or has parameters, of more elements than can be counted */
    NETWORK_UNREAD,    /* nothing reads a row that is not the last */
    NETWORK_LAST,      /* the last row gives more than one pixel */
    NETWORK_UNTRAINED, /* no row has parameters */
    NETWORK_MEMORY,    /* memory is short */
    NETWORK_SIZE,      /* an array is absent or shorter than what it has to hold */
    NETWORK_IMAGE,     /* the order names an image that is not there */
    NETWORK_LABEL,     /* a label is none of the classes */
    NETWORK_SETTINGS,  /* a setting of the step is out of range */
    NETWORK_DIVERGED,  /* a number that came out is not finite */
};

/* One node. What a kind does not use is not looked at. */
typedef struct {
    int32_t kind;      /* enum node_kind, or `network_kind` of its name */
    int32_t inputs[2]; /* rows before it that it reads; an addition two, the image none */
    int32_t channels;  /* of the image, or that it gives */
    int32_t size[2];   /* rows and columns of the image, a kernel or a window that is pooled */
    int32_t stride[2]; /* rows and columns from one kernel to the next */
    int32_t has_bias;  /* whether a convolution adds biases */
    float rate;        /* share of values that a dropout sets to 0, below 1 */
    float highest;     /* where a ReLU ends; infinite if nowhere */
} network_row;

/* What a row gives, and which of the parameters are its own. */
typedef struct {
    int64_t height, width, channels, first_parameter, parameters;
} network_fact;

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
} step_settings;

/* A network of rows, of which the first is the image and the last gives the logits, for `groups`
 * times 16 images together, whose bytes are multiplied by `scale`. Gives null and the reason if
 * there can be none; `refused` is then the row that is to blame, or -1. */
network *network_create(const network_row *rows, int32_t count, int32_t groups, float scale,
                        int32_t *status, int32_t *refused);
void network_destroy(network *n);

/* What `network_create` would make, without its memory: a fact for each row, and all bytes. */
int32_t network_measure(const network_row *rows, int32_t count, int32_t groups, network_fact *facts,
                        int64_t *bytes, int32_t *refused);

int64_t network_parameters(const network *n);
int64_t network_bytes(const network *n);

/* Facts that Python has too, for a test that compares them. */
int32_t network_lanes(void);
int32_t network_row_bytes(void);

/* The kind of node of a name such as "MAX_POOL"; 0 if there is none. */
int32_t network_kind(const char *name);

/* Threads that work side by side from now on, at most one for each 16 images of a part; results do
 * not depend on it. */
void network_use_threads(network *n, int32_t threads);

/* Take a step with Adam for each rate, the first one number `first_step` of all; gives the mean
 * loss. `state` is the parameters, then Adam's two moments, each of network_parameters values. */
int32_t network_train(network *n, float_array state, const source *from,
                      const step_settings *settings, int64_t first_step, float_array rates,
                      double *loss);

/* The gradients of one batch, without a step; gives its loss. */
int32_t network_gradients(network *n, float_array parameters, const source *from,
                          const step_settings *settings, float_array gradients, double *loss);

/* Class probabilities [order_count][classes]. */
int32_t network_predict(network *n, float_array parameters, const source *from,
                        float_array probabilities);

/* Widen the range of each channel of each row but the image, one row after the other, to hold what
 * it gives for some images: lowest and highest values [channels of all these rows][2]. */
int32_t network_ranges(network *n, float_array parameters, const source *from, float_array ranges);

#endif
