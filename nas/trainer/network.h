/* The functions that Python calls: they train a network, and run it. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

typedef struct network network;

/* The status of a call. No access goes beyond an array. With any status except OK and DIVERGED,
 * nothing was computed. */
enum network_status {
    NETWORK_OK,
    NETWORK_CALL,      /* the number of rows or groups, or the scale, is invalid */
    NETWORK_KIND,      /* a row has an unknown kind, or a kind that is invalid there */
    NETWORK_INPUT,     /* a row reads a row that is not before it */
    NETWORK_SHAPE,     /* the shapes of the inputs do not fit the row */
    NETWORK_NUMBER,    /* a number of a row is out of range */
    NETWORK_LARGE,     /* an output or the parameters of a row are too large */
    NETWORK_UNREAD,    /* no row reads a row that is not the last */
    NETWORK_LAST,      /* the output of the last row has more than one pixel */
    NETWORK_UNTRAINED, /* no row has parameters */
    NETWORK_MEMORY,    /* there is not enough memory */
    NETWORK_SIZE,      /* an array is missing or too short */
    NETWORK_IMAGE,     /* the order contains an image that does not exist */
    NETWORK_LABEL,     /* a label is not one of the classes */
    NETWORK_SETTINGS,  /* a setting of the step is out of range */
    NETWORK_DIVERGED,  /* a result is not finite */
};

/* A node. Fields that a kind does not use are ignored. */
typedef struct {
    int32_t kind;      /* enum node_kind, or `network_kind` of its name */
    int32_t inputs[2]; /* the earlier rows that it reads: two for an addition, none for the image */
    int32_t channels;  /* of the image or of the output */
    int32_t size[2];   /* rows and columns of the image, the kernel or the pooling window */
    int32_t stride[2]; /* stride in rows and columns */
    int32_t has_bias;  /* whether a convolution adds biases */
    float rate;        /* fraction of values that a dropout sets to 0, below 1 */
    float highest;     /* upper limit of a ReLU; infinite for none */
} network_row;

/* The output shape of a row, and its range of the parameters. */
typedef struct {
    int64_t height, width, channels, first_parameter, parameters;
} network_fact;

/* Arrays with the number of their elements. */
typedef struct {
    float *values;
    int64_t count;
} float_array;

/* What a larger network says of the images; see loss.h. */
typedef struct {
    const float *logits; /* [image_count][classes] */
    float share;         /* of the teacher in the loss, 0 to 1; the labels have the rest */
    float temperature;   /* by which its logits and those of the network are divided, above 0 */
} teacher;

/* The images, and the order in which steps use them. */
typedef struct {
    const uint8_t *images; /* [image_count][height][width][channels] */
    const int32_t *labels; /* [image_count]; null if they are not needed */
    const int64_t *order;  /* [order_count]: indices of images, step by step */
    int64_t image_count, order_count;
    const teacher *taught; /* null if there is none; used in training only */
} source;

/* The settings of a training step. */
typedef struct {
    float smoothing;     /* label smoothing: fraction of a label spread over all classes */
    float flip;          /* probability that an image is mirrored */
    int32_t shift;       /* largest shift in rows and in columns, below 32,768 */
    int32_t accumulated; /* parts of a batch whose gradients are added */
    uint64_t seed;
} step_settings;

/* Create a network from its rows; the first row is the image, the last one gives the logits. It
 * processes `groups` times 16 images at a time, whose bytes are multiplied by `scale`. Returns null
 * on an error; `status` is then the reason, and `refused` the row with the error, or -1. */
network *network_create(const network_row *rows, int32_t count, int32_t groups, float scale,
                        int32_t *status, int32_t *refused);
void network_destroy(network *n);

/* Describe a network without allocating it: a fact for each row, and the memory in bytes. */
int32_t network_measure(const network_row *rows, int32_t count, int32_t groups, network_fact *facts,
                        int64_t *bytes, int32_t *refused);

int64_t network_parameters(const network *n);
int64_t network_bytes(const network *n);

/* Constants that Python has too; a test compares them. */
int32_t network_lanes(void);
int32_t network_row_bytes(void);

/* The kind with a name such as "MAX_POOL"; 0 if there is none. */
int32_t network_kind(const char *name);

/* Set the number of threads, at most one for each 16 images of a part. The results do not depend on
 * it. */
void network_use_threads(network *n, int32_t threads);

/* Make a step with Adam for each learning rate; the first step has the number `first_step`. `loss`
 * is the mean loss. `state` is the parameters and the two moments of Adam, each of
 * network_parameters values. If there are `shares`, one for each step, the average of the
 * parameters follows in `state`: each step moves it towards the new parameters by its share of the
 * distance, 0 to 1; with 1 it becomes a copy of them. */
int32_t network_train(network *n, float_array state, const source *from,
                      const step_settings *settings, int64_t first_step, float_array rates,
                      float_array shares, double *loss);

/* The gradients and the loss of one batch, without a step. */
int32_t network_gradients(network *n, float_array parameters, const source *from,
                          const step_settings *settings, float_array gradients, double *loss);

/* Class probabilities [order_count][classes]. */
int32_t network_predict(network *n, float_array parameters, const source *from,
                        float_array probabilities);

/* The same before the softmax. */
int32_t network_logits(network *n, float_array parameters, const source *from, float_array logits);

/* Widen the range of each output channel of each row except the image to contain the values for
 * some images. `ranges` are lowest and highest values: [channels of all these rows][2]. */
int32_t network_ranges(network *n, float_array parameters, const source *from, float_array ranges);

#endif
