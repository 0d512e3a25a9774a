/* Compiled with the sanitizers, so that each array has its exact size. */
#include <string.h>

#include "checks.h"
#include "structure.h"

enum { CLASSES = 3, IMAGES = 53, HEIGHT = 9, WIDTH_PIXELS = 7, DEPTH = 2 };

#define PIXELS .kind = IMAGE, .size = {HEIGHT, WIDTH_PIXELS}, .channels = DEPTH
static const network_row all_kinds[] = {
    {PIXELS},
    {.kind = CONVOLUTION, .inputs = {0}, .channels = 7, SQUARE(3)},
    {.kind = NORMALISATION, .inputs = {1}},
    {RECTIFIED, .inputs = {2}},
    {.kind = MAX_POOL, .inputs = {3}, .size = {2, 2}},
    {.kind = DEPTHWISE, .inputs = {4}, SQUARE(3), .has_bias = 1},
    {.kind = ADDITION, .inputs = {5, 4}},
    {.kind = CONVOLUTION, .inputs = {6}, .channels = 5, SQUARE(1), .has_bias = 1},
    {.kind = RELU, .inputs = {7}, .highest = 6},
    {.kind = CONVOLUTION, .inputs = {8}, .channels = 5, .size = {5, 3}, .stride = {2, 2}},
    {.kind = DEPTHWISE, .inputs = {8}, .size = {1, 5}, .stride = {2, 2}, .has_bias = 1},
    {.kind = ADDITION, .inputs = {9, 10}},
    {.kind = AVERAGE_POOL, .inputs = {11}, .size = {2, 1}},
    {.kind = MAX_POOL, .inputs = {11}, .size = {2, 1}},
    {.kind = ADDITION, .inputs = {12, 13}},
    {.kind = MEAN, .inputs = {14}},
    {.kind = DROPOUT, .inputs = {15}, .rate = 0.5f},
    {.kind = DENSE, .inputs = {16}, .channels = CLASSES},
};
static const network_row no_weights[] = {
    {PIXELS},
    {.kind = MEAN, .inputs = {0}},
    {.kind = DENSE, .inputs = {1}, .channels = CLASSES},
};

static const float_array no_shares = {NULL, 0};

static network *make(const network_row *rows, int32_t count, int32_t groups) {
    int32_t status = -1, refused = 0;
    network *const n = network_create(rows, count, groups, 1.0f / 255, &status, &refused);
    CHECK(n != NULL && status == NETWORK_OK && refused == -1);
    return n;
}

static float_array array_of(int64_t count, float value) {
    const float_array array = {malloc((size_t)count * sizeof(float)), count};
    CHECK(array.values != NULL);
    for (int64_t i = 0; i < count; i++) {
        array.values[i] = value * (float)(i % 13 - 6);
    }
    return array;
}

/* Parameters, and moments and an average of 0. */
static float_array state_of(const network *n, int32_t rows) {
    const int64_t count = network_parameters(n);
    const float_array state = array_of(rows * count, 0.01f);
    memset(state.values + count, 0, (size_t)((rows - 1) * count) * sizeof(float));
    return state;
}

/* Each pixel of an image has a value of its own. */
static source make_source(int64_t order_count) {
    const int64_t size = HEIGHT * WIDTH_PIXELS * DEPTH;
    uint8_t *const images = malloc((size_t)(IMAGES * size));
    int32_t *const labels = malloc(IMAGES * sizeof *labels);
    int64_t *const order = malloc((size_t)order_count * sizeof *order);
    CHECK(images != NULL && labels != NULL && order != NULL);
    for (int64_t i = 0; i < IMAGES * size; i++) {
        images[i] = (uint8_t)(i % size + i / size);
    }
    for (int32_t i = 0; i < IMAGES; i++) {
        labels[i] = i % CLASSES;
    }
    for (int64_t i = 0; i < order_count; i++) {
        order[i] = i % IMAGES;
    }
    const source made = {images, labels, order, IMAGES, order_count, NULL};
    return made;
}

static void release(source s) {
    free((void *)s.images);
    free((void *)s.labels);
    free((void *)s.order);
}

/* Every call, over every kind of node, with arrays that end where the call may not read on. */
static void use_everything(const network_row *rows, int32_t count, int32_t threads) {
    network *const n = make(rows, count, 2);
    network_use_threads(n, threads);
    const step_settings settings = {0.1f, 0.5f, 2, 2, 5};
    const float_array state = state_of(n, 3), rates = array_of(3, 0);
    for (int32_t i = 0; i < 3; i++) {
        rates.values[i] = 1e-3f;
    }
    const source training = make_source(3 * 2 * part_of(n));
    double loss = 0;
    CHECK(network_train(n, state, &training, &settings, 0, rates, no_shares, &loss) == NETWORK_OK);
    CHECK(loss > 0 && loss < 10);
    const source batch = make_source(part_of(n)), odd = make_source(37);
    const float_array gradients = array_of(network_parameters(n), 0);
    CHECK(network_gradients(n, state, &batch, &settings, gradients, &loss) == NETWORK_OK);
    const float_array probabilities = array_of(37 * CLASSES, 0);
    CHECK(network_predict(n, state, &odd, probabilities) == NETWORK_OK);
    CHECK(network_logits(n, state, &odd, probabilities) == NETWORK_OK);
    int64_t channels = 0;
    for (int32_t i = 1; i < n->count; i++) {
        channels += n->nodes[i].out.channels;
    }
    const float_array ranges = array_of(2 * channels, 0);
    CHECK(network_ranges(n, state, &odd, ranges) == NETWORK_OK);
    const float_array short_ranges = {ranges.values, 2 * channels - 1};
    CHECK(network_ranges(n, state, &odd, short_ranges) == NETWORK_SIZE);
    const float_array short_probabilities = {probabilities.values, 37 * CLASSES - 1};
    CHECK(network_predict(n, state, &odd, short_probabilities) == NETWORK_SIZE);
    CHECK(network_gradients(n, state, &odd, &settings, gradients, &loss) ==
          (part_of(n) > 37 ? NETWORK_SIZE : NETWORK_OK));
    free(state.values);
    free(rates.values);
    free(gradients.values);
    free(probabilities.values);
    free(ranges.values);
    release(training);
    release(batch);
    release(odd);
    network_destroy(n);
}

/* The average is the mean of what the parameters are after the last two of three steps, and the
 * parameters are the same as without it. */
static void average(void) {
    network *const n = make(all_kinds, COUNT(all_kinds), 1);
    const int64_t count = network_parameters(n);
    const step_settings settings = {0, 0, 0, 1, 5};
    const float_array rate = array_of(1, 0), shares = array_of(3, 0), rates = array_of(3, 0);
    const float_array plain = state_of(n, 3), averaged = state_of(n, 4), sums = array_of(count, 0);
    source s = make_source(3 * LANES);
    double loss = 0;
    rate.values[0] = 1e-3f;
    for (int64_t i = 0; i < 3; i++) {
        rates.values[i] = rate.values[0];
        shares.values[i] = i < 2 ? 1 : 0.5f;
    }
    CHECK(network_train(n, averaged, &s, &settings, 0, rates, shares, &loss) == NETWORK_OK);
    const int64_t *const order = s.order;
    for (int64_t i = 0; i < 3; i++) {
        s.order = order + i * LANES;
        CHECK(network_train(n, plain, &s, &settings, i, rate, no_shares, &loss) == NETWORK_OK);
        for (int64_t j = 0; i > 0 && j < count; j++) {
            sums.values[j] += plain.values[j];
        }
    }
    s.order = order;
    CHECK(memcmp(plain.values, averaged.values, 3 * (size_t)count * sizeof(float)) == 0);
    for (int64_t i = 0; i < count; i++) {
        CHECK(fabsf(averaged.values[3 * count + i] - sums.values[i] / 2) < 1e-6f);
    }
    CHECK(network_train(n, plain, &s, &settings, 0, rates, shares, &loss) == NETWORK_SIZE);
    CHECK(network_train(n, averaged, &s, &settings, 0, rates, rate, &loss) == NETWORK_SIZE);
    shares.values[2] = 1.5f;
    CHECK(network_train(n, averaged, &s, &settings, 0, rates, shares, &loss) == NETWORK_SETTINGS);
    const float_array all[] = {rate, shares, rates, plain, averaged, sums};
    for (int32_t i = 0; i < COUNT(all); i++) {
        free(all[i].values);
    }
    release(s);
    network_destroy(n);
}

static void refuse_what_cannot_be_read(void) {
    network *const n = make(all_kinds, COUNT(all_kinds), 1);
    const step_settings settings = {0, 0, 0, 1, 0};
    const int64_t count = network_parameters(n);
    const float_array state = state_of(n, 3), rates = array_of(1, 0);
    const float_array none = {NULL, 0}, short_state = {state.values, 3 * count - 1};
    source s = make_source(LANES);
    double loss = 0;
    CHECK(network_train(n, short_state, &s, &settings, 0, rates, no_shares, &loss) == NETWORK_SIZE);
    CHECK(network_train(n, none, &s, &settings, 0, rates, no_shares, &loss) == NETWORK_SIZE);
    CHECK(network_train(n, state, &s, &settings, 0, none, no_shares, &loss) == NETWORK_SIZE);
    s.order_count = LANES - 1;
    CHECK(network_train(n, state, &s, &settings, 0, rates, no_shares, &loss) == NETWORK_SIZE);
    CHECK(network_gradients(n, state, &s, &settings, state, &loss) == NETWORK_SIZE);
    s.order_count = LANES;
    s.image_count = LANES - 1;
    CHECK(network_train(n, state, &s, &settings, 0, rates, no_shares, &loss) == NETWORK_IMAGE);
    CHECK(network_predict(n, state, &s, state) == NETWORK_IMAGE);
    s.image_count = IMAGES;
    int32_t *const labels = malloc(IMAGES * sizeof *labels);
    CHECK(labels != NULL);
    memset(labels, 0, IMAGES * sizeof *labels);
    labels[3] = CLASSES;
    const source wrong_label = {s.images, labels, s.order, IMAGES, LANES, NULL};
    CHECK(network_train(n, state, &wrong_label, &settings, 0, rates, no_shares, &loss) ==
          NETWORK_LABEL);
    const step_settings wrong[] = {
        {-0.1f, 0, 0, 1, 0}, {0, 1.1f, 0, 1, 0}, {0, 0, -1, 1, 0},
        {0, 0, 32768, 1, 0}, {0, 0, 0, 0, 0},
    };
    for (int32_t i = 0; i < COUNT(wrong); i++) {
        CHECK(network_train(n, state, &s, &wrong[i], 0, rates, no_shares, &loss) ==
              NETWORK_SETTINGS);
    }
    const float_array logits = array_of(IMAGES * CLASSES, 1);
    const teacher taught[] = {{NULL, 0.5f, 1}, {logits.values, 2, 1}, {logits.values, 0.5f, 0}};
    for (int32_t i = 0; i < COUNT(taught); i++) {
        s.taught = &taught[i];
        CHECK(network_train(n, state, &s, &settings, 0, rates, no_shares, &loss) ==
              (i == 0 ? NETWORK_SIZE : NETWORK_SETTINGS));
    }
    free(logits.values);
    free(labels);
    free(state.values);
    free(rates.values);
    release(s);
    network_destroy(n);
}

static uint8_t pixel(const source *s, int64_t image, int32_t y, int32_t x, int32_t channel) {
    const int32_t row = y < 0 ? 0 : y >= HEIGHT ? HEIGHT - 1 : y;
    const int32_t column = x < 0 ? 0 : x >= WIDTH_PIXELS ? WIDTH_PIXELS - 1 : x;
    return s->images[((image * HEIGHT + row) * WIDTH_PIXELS + column) * DEPTH + channel];
}

/* Whether a lane holds an image that was first moved and then perhaps mirrored. */
static bool shows(const network *n, const source *s, int32_t lane, int32_t down, int32_t right,
                  bool is_mirrored) {
    const int64_t image = s->order[lane];
    for (int32_t y = 0; y < HEIGHT; y++) {
        for (int32_t x = 0; x < WIDTH_PIXELS; x++) {
            const int32_t moved = x + right < 0               ? 0
                                  : x + right >= WIDTH_PIXELS ? WIDTH_PIXELS - 1
                                                              : x + right;
            const int32_t from = is_mirrored ? WIDTH_PIXELS - 1 - moved : moved;
            for (int32_t c = 0; c < DEPTH; c++) {
                const lanes *const value = n->nodes[0].output + (y * WIDTH_PIXELS + x) * DEPTH + c;
                const float expected = (float)pixel(s, image, y + down, from, c) * (1.0f / 255);
                if ((*value)[lane] != expected) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* How often each move and each side was seen in 40 steps; each lane shows one of them. */
static void augment(float flip, int32_t shift) {
    network *const n = make(no_weights, COUNT(no_weights), 1);
    const step_settings settings = {0, flip, shift, 1, 9};
    const float_array state = state_of(n, 3), rates = array_of(1, 0);
    const source s = make_source(LANES);
    int32_t seen[2][16][16] = {{{0}}}, mirrored = 0;
    for (int64_t turn = 0; turn < 40; turn++) {
        double loss = 0;
        CHECK(network_train(n, state, &s, &settings, turn, rates, no_shares, &loss) == NETWORK_OK);
        for (int32_t lane = 0; lane < LANES; lane++) {
            int32_t found = 0;
            for (int32_t at = 0; at < 2 * (2 * shift + 1) * (2 * shift + 1); at++) {
                const int32_t side = at % 2, spot = at / 2, across = 2 * shift + 1;
                if (shows(n, &s, lane, spot / across - shift, spot % across - shift, side == 1)) {
                    seen[side][spot / across][spot % across]++;
                    mirrored += side;
                    found++;
                }
            }
            CHECK(found == 1);
        }
    }
    const int32_t all = 40 * LANES;
    CHECK(mirrored >= (int32_t)((flip - 0.1f) * (float)all));
    CHECK(mirrored <= (int32_t)((flip + 0.1f) * (float)all));
    for (int32_t down = 0; down <= 2 * shift; down++) {
        for (int32_t right = 0; right <= 2 * shift; right++) {
            CHECK(seen[0][down][right] + seen[1][down][right] > 0);
        }
    }
    free(state.values);
    free(rates.values);
    release(s);
    network_destroy(n);
}

void check_arrays(void) {
    for (int32_t threads = 1; threads < 3; threads++) {
        use_everything(all_kinds, COUNT(all_kinds), threads);
        use_everything(no_weights, COUNT(no_weights), threads);
    }
    average();
    refuse_what_cannot_be_read();
    augment(0, 0);
    augment(1, 0);
    augment(0.5f, 0);
    augment(0, 1);
    augment(0.5f, 2);
}
