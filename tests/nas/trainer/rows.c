#include <string.h>

#include "checks.h"
#include "structure.h"

enum { MOST_BUFFERS = 64 };

#define PIXELS .kind = IMAGE, .size = {9, 7}, .channels = 2

static void refuse(const network_row *rows, int32_t count, int32_t status, int32_t row) {
    network_fact facts[8];
    int64_t bytes = -1;
    int32_t found = -1, refused = -2;
    CHECK(network_create(rows, count, 1, 1, &found, &refused) == NULL);
    CHECK(found == status && refused == row);
    CHECK(network_measure(rows, count, 1, facts, &bytes, &refused) == status);
    CHECK(refused == row && bytes == 0);
}

/* A row that cannot be, between an image and a classifier. */
static void refuse_row(network_row row, int32_t status) {
    const network_row rows[] = {
        {PIXELS},
        {.kind = CONVOLUTION, .inputs = {0}, .channels = 3, SQUARE(3)},
        row,
        {.kind = MEAN, .inputs = {2}},
        {.kind = DENSE, .inputs = {3}, .channels = 2},
    };
    refuse(rows, COUNT(rows), status, 2);
}

static void refuse_rows(void) {
    const network_row numbers[] = {
        {.kind = CONVOLUTION, .channels = 0, SQUARE(3)},
        {.kind = CONVOLUTION, .channels = 3, SQUARE(2)},
        {.kind = CONVOLUTION, .channels = 3, SQUARE(0)},
        {.kind = CONVOLUTION, .channels = 3, SQUARE(-1)},
        {.kind = CONVOLUTION, .channels = 3, SQUARE(257)},
        {.kind = CONVOLUTION, .channels = 3, .size = {3, 3}, .stride = {0, 1}},
        {.kind = CONVOLUTION, .channels = 3, .size = {3, 3}, .stride = {1, -2}},
        {.kind = CONVOLUTION, .channels = 3, .size = {3, 3}, .stride = {256, 1}},
        {.kind = DEPTHWISE, .size = {3, 4}, .stride = {1, 1}},
        {.kind = RELU, .highest = 0},
        {.kind = RELU, .highest = NAN},
        {.kind = MAX_POOL, .size = {0, 2}},
        {.kind = AVERAGE_POOL, .size = {2, -2}},
        {.kind = DROPOUT, .rate = 1},
        {.kind = DROPOUT, .rate = -0.1f},
        {.kind = DROPOUT, .rate = NAN},
        {.kind = DENSE, .channels = -5},
    };
    for (int32_t i = 0; i < COUNT(numbers); i++) {
        refuse_row(numbers[i], NETWORK_NUMBER);
    }
    const int32_t kinds[] = {-1, 0, IMAGE, DENSE + 1, INT32_MAX};
    for (int32_t i = 0; i < COUNT(kinds); i++) {
        refuse_row((network_row){.kind = kinds[i]}, NETWORK_KIND);
    }
    const int32_t inputs[] = {-1, 2, 3, INT32_MIN, INT32_MAX};
    for (int32_t i = 0; i < COUNT(inputs); i++) {
        refuse_row((network_row){.kind = MEAN, .inputs = {inputs[i]}}, NETWORK_INPUT);
        refuse_row((network_row){.kind = ADDITION, .inputs = {1, inputs[i]}}, NETWORK_INPUT);
    }
    refuse_row((network_row){.kind = ADDITION, .inputs = {0, 1}}, NETWORK_SHAPE);
    refuse_row((network_row){.kind = MAX_POOL, .size = {10, 1}}, NETWORK_SHAPE);
    refuse_row((network_row){.kind = AVERAGE_POOL, .size = {1, INT32_MAX}}, NETWORK_SHAPE);
    refuse_row((network_row){.kind = DENSE, .channels = 2}, NETWORK_SHAPE);
    refuse_row((network_row){.kind = CONVOLUTION, .channels = 16385, SQUARE(1)}, NETWORK_LARGE);
    refuse_row((network_row){.kind = CONVOLUTION, .channels = INT32_MAX, SQUARE(255)},
               NETWORK_LARGE);
}

static void refuse_whole_networks(void) {
    const network_row image = {PIXELS}, mean = {.kind = MEAN};
    const network_row dense = {.kind = DENSE, .inputs = {1}, .channels = 2};
    refuse(&image, 1, NETWORK_LAST, 0);
    refuse(&dense, 1, NETWORK_KIND, 0);
    refuse((network_row[]){image, mean}, 2, NETWORK_UNTRAINED, -1);
    refuse((network_row[]){image, mean, mean, dense}, 4, NETWORK_UNREAD, 2);
    const network_row wide = {.kind = CONVOLUTION, .channels = 2, SQUARE(1)};
    refuse((network_row[]){image, wide}, 2, NETWORK_LAST, 1);
    const int32_t shapes[][3] = {{0, 5, 1},
                                 {5, -5, 1},
                                 {5, 5, 0},
                                 {1 << 30, 1 << 30, 1},
                                 {1 << 20, 1 << 20, 1},
                                 {INT32_MAX, INT32_MAX, INT32_MAX}};
    for (int32_t i = 0; i < COUNT(shapes); i++) {
        const network_row own = {
            .kind = IMAGE, .size = {shapes[i][0], shapes[i][1]}, .channels = shapes[i][2]};
        refuse((network_row[]){own, mean, dense}, 3, i < 3 ? NETWORK_NUMBER : NETWORK_LARGE, 0);
    }
}

static void refuse_calls(void) {
    const network_row rows[] = {
        {PIXELS}, {.kind = MEAN}, {.kind = DENSE, .inputs = {1}, .channels = 2}};
    const struct {
        int32_t count, groups;
        float scale;
    } calls[] = {{0, 1, 1},    {-1, 1, 1},    {3, 0, 1},   {3, -1, 1},
                 {3, 4097, 1}, {65537, 1, 1}, {3, 1, NAN}, {3, 1, INFINITY}};
    for (int32_t i = 0; i < COUNT(calls); i++) {
        int32_t status = 0, refused = 0;
        CHECK(network_create(rows, calls[i].count, calls[i].groups, calls[i].scale, &status,
                             &refused) == NULL);
        CHECK(status == NETWORK_CALL && refused == -1);
    }
}

/* Buffers that hold the gradients of activations. */
static int32_t gradient_buffers(const network_row *rows, int32_t count) {
    int32_t status = 0, refused = 0, found = 0;
    network *const n = network_create(rows, count, 1, 1, &status, &refused);
    CHECK(n != NULL && n->buffer_count <= MOST_BUFFERS);
    bool is_used[MOST_BUFFERS] = {false};
    for (int32_t i = 0; i < n->count; i++) {
        const int32_t used[] = {n->plans[i].gradients, n->plans[i].scratch};
        for (int32_t j = 0; j < 2; j++) {
            found += used[j] != NO_BUFFER && !is_used[used[j]];
            is_used[used[j] == NO_BUFFER ? n->shared_buffer : used[j]] = true;
        }
    }
    network_destroy(n);
    return found;
}

/* However long a network is, gradients that have been carried on make room. */
static void share_buffers(void) {
    network_row chain[30] = {{PIXELS}}, blocks[30] = {{PIXELS}};
    const network_row kernel = {.kind = CONVOLUTION, .channels = 3, SQUARE(3)};
    for (int32_t i = 1; i < 28; i++) {
        chain[i] = blocks[i] = kernel;
        chain[i].inputs[0] = blocks[i].inputs[0] = i - 1;
        if (i % 3 == 0) { /* what the block began with is added to what it ends with */
            blocks[i] = (network_row){.kind = ADDITION, .inputs = {i - 1, i - 2}};
        }
    }
    for (int32_t i = 0; i < 2; i++) {
        network_row *const rows = i == 0 ? chain : blocks;
        rows[28] = (network_row){.kind = MEAN, .inputs = {27}};
        rows[29] = (network_row){.kind = DENSE, .inputs = {28}, .channels = 2};
    }
    CHECK(gradient_buffers(chain, 30) == 2);
    CHECK(gradient_buffers(blocks, 30) == 3);
}

/* A ReLU replaces its input only if nothing else asks for it. */
static void keep_what_is_read(void) {
    const network_row rows[] = {
        {PIXELS},
        {RECTIFIED, .inputs = {0}},
        {.kind = CONVOLUTION, .inputs = {1}, .channels = 2, SQUARE(1)},
        {RECTIFIED, .inputs = {2}},
        {RECTIFIED, .inputs = {3}},
        {.kind = CONVOLUTION, .inputs = {4}, .channels = 2, SQUARE(1)},
        {RECTIFIED, .inputs = {5}},
        {.kind = ADDITION, .inputs = {5, 6}},
        {.kind = MAX_POOL, .inputs = {7}, .size = {9, 7}},
        {RECTIFIED, .inputs = {8}},
        {.kind = DENSE, .inputs = {9}, .channels = 2},
    };
    int32_t status = 0, refused = 0;
    network *const n = network_create(rows, COUNT(rows), 1, 1, &status, &refused);
    CHECK(n != NULL);
    for (int32_t i = 0; i < n->count; i++) {
        CHECK(n->nodes[i].is_in_place == (i == 3));
        CHECK((n->nodes[i].output == n->nodes[i].input) == (i == 3));
    }
    network_destroy(n);
}

void check_rows(void) {
    refuse_rows();
    refuse_whole_networks();
    refuse_calls();
    share_buffers();
    keep_what_is_read();
}
