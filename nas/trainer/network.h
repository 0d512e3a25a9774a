/* A network that is trained and asked: what Python calls. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

typedef struct network network;

/* Images on disk, of which a step takes some. */
typedef struct {
    const uint8_t *images; /* [n][height][width][channels] */
    const int32_t *labels; /* [n]; null if nobody asks */
    const int64_t *order;  /* indices of images, one step after the other */
} source;

/* How a step trains. */
typedef struct {
    float smoothing;     /* share of a label that goes to all classes alike */
    float flip;          /* chance that an image is mirrored */
    int32_t shift;       /* rows and columns by which an image is moved at most */
    int32_t accumulated; /* parts of a batch whose gradients are added up */
    uint64_t seed;
} recipe;

/* Rows of five numbers: kind, output channels, size, has biases, rate in thousandths. The last
 * layer is DENSE. Gives null if memory is short or the rows make no network. */
network *network_create(const int32_t *rows, int32_t count, const int32_t *input, int32_t groups,
                        float scale, float offset);
void network_destroy(network *n);

int64_t network_parameters(const network *n);
int64_t network_bytes(const network *n);

/* Threads that work side by side from now on, at most one for each 16 images of a part; results do
 * not depend on it. */
void network_use_threads(network *n, int32_t threads);

/* Take `steps` steps with Adam, the first one number `first_step` of all; gives the mean loss.
 * `state` is the parameters, then Adam's two moments, each of network_parameters values. */
double network_train(network *n, float *state, const source *from, const recipe *how, int64_t steps,
                     int64_t first_step, const float *rates);

/* The gradients of one batch, without dropout and without a step; gives its loss. */
double network_gradients(network *n, float *parameters, const source *from, const recipe *how,
                         float *gradients);

/* Class probabilities [count][classes]. */
void network_predict(network *n, float *parameters, const source *from, int64_t count,
                     float *probabilities);

typedef struct {
    float lowest, highest;
} range;

/* Widen the range of each channel after each layer, one layer after the other, to hold what the
 * layers give for some images. */
void network_ranges(network *n, float *parameters, const source *from, int64_t count,
                    range *ranges);

#endif
