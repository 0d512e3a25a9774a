#include "bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arguments.h"
#include "bench_model.h"
#include "board.h"
#include "outputs.h"
#include "reply.h"

static const bench_model_t *model = &bench_models[0];
static int model_status;
static uint32_t load_expected, load_received;

/* A byte that an arena holds where nothing has been written yet, most likely. */
#define PAINT 0xA5U

static bool model_is_ready(void) {
    if (model_status != 0) {
        if (model->last_message != NULL) {
            reply_text_fact("x-message", model->last_message());
        }
        reply_number_fact("e-[the model could not be initialised] status", (uint32_t)model_status);
    }
    return model_status == 0;
}

/* Commands */

static void command_name(const char *arguments) {
    (void)arguments;
    reply_text_fact("m-name-dut", model->target);
}

static void command_profile(const char *arguments) {
    (void)arguments;
    reply_text_fact("m-profile", "mcu-nas bench");
    reply_text_fact("m-model", model->name);
}

static void command_timestamp(const char *arguments) {
    (void)arguments;
    reply_text("m-lap-us-");
    reply_number(board_microseconds());
    reply_end_line();
}

static void command_info(const char *arguments) {
    (void)arguments;
    const board_info_t board = board_info();
    reply_number_fact("x-protocol", BENCH_PROTOCOL_VERSION);
    reply_number_fact("x-models", bench_model_count);
    reply_text_fact("x-model", model->name);
    reply_text_fact("x-sha256", model->sha256);
    reply_text_fact("x-runtime", model->runtime);
    reply_text_fact("x-target", model->target);
    reply_number_fact("x-input-bytes", model->input_bytes);
    reply_number_fact("x-output-bytes", model->output_bytes);
    reply_number_fact("x-arena-bytes", model->arena_bytes);
    reply_number_fact("x-arena-used-bytes", model->arena_used_bytes());
    reply_number_fact("x-stack-bytes", board.stack_bytes);
    reply_text_fact("x-clock-source", board.clock_source);
    reply_number_fact("x-core-hz", board.core_hz);
    reply_text_fact("x-tick-source", board.tick_source);
}

/* Start with a fresh arena, which models may share. */
static void select_model(uint32_t index) {
    model = &bench_models[index];
    load_expected = 0;
    memset(model->arena, PAINT, model->arena_bytes);
    model_status = model->init();
}

static void command_model(const char *arguments) {
    uint32_t index = 0;
    if (!take_number(&arguments, &index) || *arguments != '\0' || index >= bench_model_count) {
        reply_number_fact("e-[model takes an index] models", bench_model_count);
        return;
    }
    select_model(index);
    (void)model_is_ready();
}

static void load_start(const char *arguments) {
    uint32_t size = 0;
    load_received = 0;
    load_expected = 0;
    if (!take_number(&arguments, &size) || *arguments != '\0') {
        reply_failure("db load takes a number of bytes");
    } else if (size != model->input_bytes) {
        reply_number_fact("e-[wrong input size] expected", model->input_bytes);
    } else {
        load_expected = size;
        reply_number_fact("m-load-expecting", size);
    }
}

static void load_bytes(const char *digits) {
    uint8_t *const input = model->input();
    const size_t count = strlen(digits) / 2;
    if (strlen(digits) % 2 != 0 || count > load_expected - load_received) {
        reply_failure("odd number of digits, or more bytes than announced");
        load_expected = 0;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const int high = hex_digit(digits[2 * i]);
        const int low = hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0) {
            reply_failure("not a hexadecimal digit");
            load_expected = 0;
            return;
        }
        input[load_received++] = (uint8_t)(high * 16 + low);
    }
    if (load_received == load_expected) {
        reply_line("m-load-done");
        reply_crc_fact(input, load_received);
        load_expected = 0;
    }
}

static void command_db(const char *arguments) {
    if (!model_is_ready()) {
        return;
    }
    if (strncmp(arguments, "load ", 5) == 0) {
        load_start(arguments + 5);
    } else if (load_expected == 0) {
        reply_failure("db without db load");
    } else {
        load_bytes(arguments);
    }
}

static bool invoke_times(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const int status = model->invoke();
        if (status != 0) {
            reply_number_fact("e-[inference failed] status", (uint32_t)status);
            return false;
        }
    }
    return true;
}

static void command_results(const char *arguments) {
    (void)arguments;
    if (model_is_ready()) {
        reply_results(model);
    }
}

static void command_infer(const char *arguments) {
    uint32_t count = 1;
    uint32_t warm_up = 0;
    (void)(take_number(&arguments, &count) && take_number(&arguments, &warm_up));
    if (*arguments != '\0' || count == 0) {
        reply_failure("infer takes a number of inferences and one of warm-ups");
        return;
    }
    if (!model_is_ready()) {
        return;
    }
    reply_line("m-warmup-start");
    if (!invoke_times(warm_up)) {
        return;
    }
    reply_line("m-warmup-done");
    reply_line("m-infer-start");
    board_ticks_start();
    const bool done = invoke_times(count);
    const uint32_t ticks = board_ticks();
    if (done) {
        reply_line("m-infer-done");
        reply_number_fact("x-ticks", ticks);
        reply_output(model);
        reply_results(model);
    }
}

static void put_ticks(uint32_t index, uint32_t ticks) {
    reply_text(index == 0 ? "" : ",");
    reply_number(ticks);
}

static int put_ticks_of_steps(void) {
    int status = 0;
    for (uint32_t step = 0; step < model->steps && status == 0; step++) {
        board_ticks_start();
        status = model->invoke_step(step);
        put_ticks(step, board_ticks());
    }
    return status;
}

static int put_ticks_of_operators(void) {
    board_ticks_start();
    const int status = model->profile(board_ticks);
    for (uint32_t i = 0; i < model->operators && status == 0; i++) {
        put_ticks(i, model->operator_ticks[i]);
    }
    return status;
}

/* The ticks of each piece or operator of one inference, in one line. */
static void command_steps(const char *arguments) {
    (void)arguments;
    if (!model_is_ready()) {
        return;
    }
    reply_text("x-step-ticks-[");
    const int status = model->profile == NULL ? put_ticks_of_steps() : put_ticks_of_operators();
    reply_line("]");
    if (status != 0) {
        reply_number_fact("e-[inference failed] status", (uint32_t)status);
    }
}

static void command_output(const char *arguments) {
    (void)arguments;
    if (model_is_ready()) {
        reply_output(model);
    }
}

static void command_stack(const char *arguments) {
    (void)arguments;
    reply_number_fact("x-stack-peak-bytes", board_stack_peak_bytes());
}

/* Bytes outside the longest stretch of paint: a runtime may work from both ends of its arena. */
static uint32_t arena_peak_bytes(void) {
    uint32_t longest = 0;
    uint32_t stretch = 0;
    for (uint32_t i = 0; i < model->arena_bytes; i++) {
        stretch = model->arena[i] == PAINT ? stretch + 1U : 0U;
        longest = stretch > longest ? stretch : longest;
    }
    return model->arena_bytes - longest;
}

static void command_arena(const char *arguments) {
    (void)arguments;
    reply_number_fact("x-arena-used-bytes", model->arena_used_bytes());
    reply_number_fact("x-arena-peak-bytes", arena_peak_bytes());
}

static const struct {
    const char *name;
    void (*answer)(const char *arguments);
} commands[] = {
    {"name", command_name},     {"profile", command_profile}, {"timestamp", command_timestamp},
    {"info", command_info},     {"db", command_db},           {"infer", command_infer},
    {"output", command_output}, {"stack", command_stack},     {"steps", command_steps},
    {"arena", command_arena},   {"model", command_model},     {"results", command_results},
};

static void answer(const char *command) {
    const size_t length = strcspn(command, " ");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].name) == length && strncmp(command, commands[i].name, length) == 0) {
            commands[i].answer(command + length + (command[length] == ' ' ? 1 : 0));
            reply_line("m-ready");
            return;
        }
    }
    reply_failure("unknown command");
    reply_line("m-ready");
}

void bench_run(void) {
    static char command[BENCH_COMMAND_BYTES + 1];
    size_t length = 0;
    select_model(0);
    for (int byte = board_read_byte(); byte >= 0; byte = board_read_byte()) {
        if (byte == '\r' || byte == '\n') {
            length = 0;
        } else if (byte != '%') {
            command[length < BENCH_COMMAND_BYTES ? length : BENCH_COMMAND_BYTES] = (char)byte;
            length = length <= BENCH_COMMAND_BYTES ? length + 1 : length;
        } else if (length > BENCH_COMMAND_BYTES) {
            length = 0;
            reply_failure("command too long");
            reply_line("m-ready");
        } else {
            command[length] = '\0';
            length = 0;
            answer(command);
        }
    }
}
