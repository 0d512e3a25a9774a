/* Gradients of the trainer against differences of a loss that is computed plainly and in double. */
#include "checks.h"
#include "nodes.h"
#include "reference.h"

enum { CLASSES = 3, GROUPS = 2, IMAGES = GROUPS * LANES, SAMPLES = 6 };

/* A residual block with a stride, as in ResNet; what is added is read again. */
static const network_row residual[] = {
    {.kind = IMAGE, .size = {9, 8}, .channels = 2},
    {.kind = CONVOLUTION, .inputs = {0}, .channels = 4, SQUARE(3)},
    {.kind = NORMALISATION, .inputs = {1}},
    {RECTIFIED, .inputs = {2}},
    {.kind = CONVOLUTION, .inputs = {3}, .channels = 5, .size = {3, 3}, .stride = {2, 2}},
    {.kind = NORMALISATION, .inputs = {4}},
    {.kind = RELU, .inputs = {5}, .highest = 0.5f},
    {.kind = CONVOLUTION, .inputs = {6}, .channels = 5, SQUARE(3), .has_bias = 1},
    {.kind = CONVOLUTION, .inputs = {3}, .channels = 5, .size = {1, 1}, .stride = {2, 2}},
    {.kind = ADDITION, .inputs = {7, 8}},
    {RECTIFIED, .inputs = {9}},
    {.kind = CONVOLUTION, .inputs = {10}, .channels = 5, SQUARE(1)},
    {.kind = ADDITION, .inputs = {11, 10}},
    {.kind = MEAN, .inputs = {12}},
    {.kind = DENSE, .inputs = {13}, .channels = CLASSES},
};

/* Branches of many forms that are added again and again; the image has three readers. */
static const network_row branches[] = {
    {.kind = IMAGE, .size = {11, 7}, .channels = 3},
    {.kind = DEPTHWISE, .inputs = {0}, .size = {1, 5}, .stride = {1, 2}, .has_bias = 1},
    {.kind = DEPTHWISE, .inputs = {0}, .size = {5, 3}, .stride = {1, 2}},
    {.kind = CONVOLUTION, .inputs = {0}, .channels = 3, .size = {7, 1}, .stride = {1, 2}},
    {.kind = ADDITION, .inputs = {1, 2}},
    {.kind = ADDITION, .inputs = {4, 3}},
    {RECTIFIED, .inputs = {4}},
    {.kind = ADDITION, .inputs = {5, 6}},
    {.kind = ADDITION, .inputs = {7, 7}},
    {.kind = CONVOLUTION, .inputs = {8}, .channels = 7, .size = {3, 5}, .stride = {3, 1}},
    {.kind = MAX_POOL, .inputs = {9}, .size = {3, 2}},
    {.kind = AVERAGE_POOL, .inputs = {9}, .size = {3, 2}},
    {.kind = ADDITION, .inputs = {10, 11}},
    {.kind = RELU, .inputs = {12}, .highest = 1},
    {.kind = DEPTHWISE, .inputs = {12}, SQUARE(7)},
    {.kind = ADDITION, .inputs = {13, 14}},
    {.kind = MEAN, .inputs = {15}},
    {.kind = DROPOUT, .inputs = {16}, .rate = 0},
    {.kind = CONVOLUTION, .inputs = {17}, .channels = CLASSES, SQUARE(1), .has_bias = 1},
};

/* A stride beyond the kernel, pools of four and of rows alone, and a node without parameters that
 * is added to one with them. */
static const network_row leaps[] = {
    {.kind = IMAGE, .size = {13, 10}, .channels = 2},
    {.kind = MAX_POOL, .inputs = {0}, .size = {2, 1}},
    {.kind = CONVOLUTION, .inputs = {1}, .channels = 2, .size = {1, 3}, .stride = {1, 1}},
    {.kind = ADDITION, .inputs = {1, 2}},
    {.kind = CONVOLUTION, .inputs = {3}, .channels = 8, .size = {1, 1}, .stride = {2, 3}},
    {.kind = NORMALISATION, .inputs = {4}},
    {.kind = DEPTHWISE, .inputs = {5}, .size = {3, 3}, .stride = {2, 2}},
    {.kind = MAX_POOL, .inputs = {6}, .size = {2, 2}},
    {RECTIFIED, .inputs = {7}},
    {.kind = RELU, .inputs = {8}, .highest = 0.75f},
    {.kind = DENSE, .inputs = {9}, .channels = CLASSES},
};

/* Depthwise rows of more windows than a tile, and of more channels. */
static const network_row wide[] = {
    {.kind = IMAGE, .size = {1, 21}, .channels = 1},
    {.kind = CONVOLUTION, .inputs = {0}, .channels = 17, SQUARE(1)},
    {.kind = DEPTHWISE, .inputs = {1}, .size = {1, 7}, .stride = {1, 1}},
    {.kind = DEPTHWISE, .inputs = {2}, .size = {1, 3}, .stride = {1, 2}, .has_bias = 1},
    {.kind = MEAN, .inputs = {3}},
    {.kind = DENSE, .inputs = {4}, .channels = CLASSES},
};

static uint64_t state = 3;

static double random_between(double lowest, double highest) {
    return lowest + (highest - lowest) * (double)(next_random(&state) >> 11) * 0x1p-53;
}

/* Bytes, and what a network sees of them. */
static void make_images(int64_t count, uint8_t *bytes, double *images) {
    for (int64_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)random_between(0, 256);
        images[i] = (double)((float)bytes[i] * (1.0f / 255));
    }
}

/* Parameters that float32 holds; factors and variances near 1. */
static void make_parameters(const network_row *rows, const network_fact *facts, int32_t row_count,
                            float *parameters) {
    for (int32_t i = 0; i < row_count; i++) {
        const int64_t channels = facts[i].parameters / 4;
        for (int64_t j = 0; j < facts[i].parameters; j++) {
            const bool is_factor =
                rows[i].kind == NORMALISATION && (j < channels || j >= 3 * channels);
            parameters[facts[i].first_parameter + j] =
                (float)random_between(-0.5, 0.5) + (is_factor ? 1.0f : 0.0f);
        }
    }
}

/* One parameter after the other a little up and down. */
static double difference(const network_row *rows, const network_fact *facts, int32_t row_count,
                         double *parameters, int64_t index, const double *images,
                         const int32_t *labels, const teacher *taught) {
    const double before = parameters[index], by = 1e-6;
    double losses[2];
    for (int side = 0; side < 2; side++) {
        parameters[index] = before + (side == 0 ? -by : by);
        losses[side] =
            reference_loss(rows, facts, row_count, parameters, images, labels, taught, IMAGES);
    }
    parameters[index] = before;
    return (losses[1] - losses[0]) / (2 * by);
}

/* A network with everything that its loss is computed of. */
typedef struct {
    const char *name;
    const network_row *rows;
    int32_t row_count;
    network_fact facts[32];
    int32_t labels[IMAGES];
    uint8_t *bytes;
    double *images; /* what the network sees of the bytes */
    float *parameters, *gradients;
    double *precise; /* the parameters */
    const teacher *taught;
} subject;

/* The gradients of the trainer; its loss is that of the reference. */
static void compute_gradients(subject *of, network *n) {
    int64_t order[IMAGES];
    for (int32_t i = 0; i < IMAGES; i++) {
        of->labels[i] = i % CLASSES;
        order[i] = i;
    }
    const int64_t count = network_parameters(n);
    const source from = {of->bytes, of->labels, order, IMAGES, IMAGES, of->taught};
    const step_settings settings = {0, 0, 0, 1, 0};
    const float_array own = {of->parameters, count}, to = {of->gradients, count};
    double loss = 0;
    network_use_threads(n, 2);
    CHECK(network_gradients(n, own, &from, &settings, to, &loss) == NETWORK_OK);
    const double expected = reference_loss(of->rows, of->facts, of->row_count, of->precise,
                                           of->images, of->labels, of->taught, IMAGES);
    CHECK(fabs(loss - expected) < 1e-5);
}

/* Some gradients of a row, none of which may be off by more than a thousandth of the largest. */
static void compare_row(const subject *of, int32_t row) {
    const network_fact fact = of->facts[row];
    double largest = 1e-3;
    for (int64_t i = 0; i < fact.parameters; i++) {
        largest = fmax(largest, fabs((double)of->gradients[fact.first_parameter + i]));
    }
    for (int32_t i = 0; i < SAMPLES && fact.parameters > 0; i++) {
        const int64_t own = (int64_t)random_between(0, (double)fact.parameters);
        const int64_t index = fact.first_parameter + own;
        const double found = (double)of->gradients[index];
        const double expected = difference(of->rows, of->facts, of->row_count, of->precise, index,
                                           of->images, of->labels, of->taught);
        if (!(fabs(found - expected) <= 1e-3 * largest)) {
            printf("%s, row %d, parameter %d: %g, expected %g\n", of->name, row, (int)own, found,
                   expected);
            exit(1);
        }
    }
}

static void compare(const char *name, const network_row *rows, int32_t row_count,
                    const teacher *taught) {
    subject of = {.name = name, .rows = rows, .row_count = row_count, .taught = taught};
    int64_t bytes = 0;
    int32_t refused = 0, status = 0;
    CHECK(row_count <= COUNT(of.facts));
    CHECK(network_measure(rows, row_count, GROUPS, of.facts, &bytes, &refused) == NETWORK_OK);
    network *const n = network_create(rows, row_count, GROUPS, 1.0f / 255, &status, &refused);
    CHECK(n != NULL && network_bytes(n) == bytes);
    const size_t count = (size_t)network_parameters(n);
    const int64_t size = of.facts[0].height * of.facts[0].width * of.facts[0].channels;
    of.bytes = malloc((size_t)(IMAGES * size));
    of.images = malloc((size_t)(IMAGES * size) * sizeof *of.images);
    of.precise = malloc(count * sizeof *of.precise);
    of.parameters = malloc(count * sizeof *of.parameters);
    of.gradients = malloc(count * sizeof *of.gradients);
    make_images(IMAGES * size, of.bytes, of.images);
    make_parameters(rows, of.facts, row_count, of.parameters);
    for (size_t i = 0; i < count; i++) {
        of.precise[i] = (double)of.parameters[i];
    }
    compute_gradients(&of, n);
    for (int32_t i = 0; i < row_count; i++) {
        compare_row(&of, i);
    }
    free(of.bytes);
    free(of.images);
    free(of.precise);
    free(of.parameters);
    free(of.gradients);
    network_destroy(n);
}

void check_gradients(void) {
    float logits[IMAGES * CLASSES];
    for (int32_t i = 0; i < IMAGES * CLASSES; i++) {
        logits[i] = (float)random_between(-4, 4);
    }
    const teacher cool = {logits, 0.7f, 3}, plain = {logits, 1, 1};
    compare("residual", residual, COUNT(residual), NULL);
    compare("branches", branches, COUNT(branches), NULL);
    compare("leaps", leaps, COUNT(leaps), NULL);
    compare("wide", wide, COUNT(wide), NULL);
    compare("wide, with a teacher", wide, COUNT(wide), &cool);
    compare("leaps, with a teacher alone", leaps, COUNT(leaps), &plain);
}
