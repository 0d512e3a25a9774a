/* A model of four bytes that adds 1 to each, for the bench application on the host. */
#include <string.h>

#include "bench_model.h"

#ifndef TOY_INPUT_BYTES
#define TOY_INPUT_BYTES 4
#endif
#define OUTPUT (TOY_INPUT_BYTES + 4)

static uint8_t arena[TOY_INPUT_BYTES + 12];
static uint8_t kept_output[4];

#ifndef TOY_DB_FLIP
#define TOY_DB_FLIP 0
#endif

static int init(void) { return 0; }

static void *input(void) { return arena; }

static int invoke(void) {
    for (int i = 0; i < 4; i++) {
        arena[OUTPUT + i] = (uint8_t)(arena[i] + 1U);
    }
    return arena[0] == 0xEE ? 3 : 0; /* a failure that tests can ask for */
}

static int invoke_step(uint32_t step) { return step == 0 ? 0 : invoke(); }

static float result(uint32_t index) { return (float)arena[OUTPUT + index] / 8.0F; }

static void *output(void) { return &arena[OUTPUT]; }

static uint32_t arena_used_bytes(void) { return sizeof arena; }

static int invoke_twice(void) {
    int status = invoke();
    for (int i = 0; i < 4; i++) {
        arena[OUTPUT + i]++;
    }
    return status;
}

#ifdef TOY_FED

/* The same model, fed with two rows of two bytes each. */
static uint8_t row[2];
static int rows;

static void *input_row(void) { return row; }

static int begin(void) {
    rows = 0;
    return 0;
}

static int push_row(void) {
    memcpy(arena + 2 * rows, row, sizeof row);
    rows++;
    return row[0] == 0xDD ? 4 : 0; /* a failure that tests can ask for */
}

static int end(void) { return rows == 2 ? invoke() : 5; }

static int repeat_row(void) {
    int status = begin();
    status = status == 0 ? push_row() : status;
    status = status == 0 ? push_row() : status;
    return status == 0 ? end() : status;
}

static uint32_t fed_ticks[2];

static int profile(uint32_t (*clock)(void)) {
    const uint32_t started = clock();
    const int status = repeat_row();
    fed_ticks[0] = 7;
    fed_ticks[1] = clock() - started;
    return status;
}

#endif

static const bench_port_t outputs[] = {{4, output}};
#ifdef TOY_FED
static const bench_port_t row_inputs[] = {{TOY_INPUT_BYTES, input_row}};
#endif
static const bench_port_t inputs[] = {{TOY_INPUT_BYTES, input}};

#define TOY                                                                                        \
    .name = "toy", .sha256 = "0000000000000000000000000000000000000000000000000000000000000000",   \
    .target = "host", .input_bytes = TOY_INPUT_BYTES, .output_bytes = 4, .db_flip = TOY_DB_FLIP,   \
    .arena_bytes = sizeof arena, .arena = arena, .kept_output = kept_output, .steps = 2,           \
    .init = init, .invoke_step = invoke_step, .outputs = outputs, .output_count = 1,               \
    .input_count = 1, .results = 4, .result = result, .arena_used_bytes = arena_used_bytes

const bench_model_t bench_models[] = {
#ifdef TOY_FED
    {TOY, .runtime = "static", .row_bytes = 2, .inputs = row_inputs, .begin = begin,
     .push_row = push_row, .end = end, .invoke = repeat_row, .profile = profile, .operators = 2,
     .operator_ticks = fed_ticks},
#else
    {TOY, .runtime = "static", .inputs = inputs, .invoke = invoke},
#endif
    {TOY, .runtime = "tflm", .inputs = inputs, .invoke = invoke_twice},
};

const uint32_t bench_model_count = 2;
