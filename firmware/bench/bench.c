#include "bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arguments.h"
#include "bench_model.h"
#include "board.h"
#include "feed.h"
#include "inference.h"
#include "input.h"
#include "reply.h"
#include "selection.h"

static void command_name(const char *arguments) {
    (void)arguments;
    reply_text_fact("m-name-dut", selection()->target);
}

static void command_profile(const char *arguments) {
    (void)arguments;
    reply_text_fact("m-profile", "mcu-nas bench");
    reply_text_fact("m-model", selection()->name);
}

static void command_timestamp(const char *arguments) {
    (void)arguments;
    reply_numbered_line("m-lap-us-", board_microseconds());
}

static void command_info(const char *arguments) {
    (void)arguments;
    const bench_model_t *const model = selection();
    const board_info_t board = board_info();
    reply_number_fact("x-protocol", BENCH_PROTOCOL_VERSION);
    reply_number_fact("x-models", bench_model_count);
    reply_text_fact("x-model", model->name);
    reply_text_fact("x-sha256", model->sha256);
    reply_text_fact("x-runtime", model->runtime);
    reply_text_fact("x-target", model->target);
    reply_number_fact("x-input-bytes", model->input_bytes);
    reply_number_fact("x-row-bytes", model->row_bytes);
    reply_number_fact("x-output-bytes", model->output_bytes);
    reply_number_fact("x-arena-bytes", model->arena_bytes);
    reply_number_fact("x-arena-used-bytes", model->arena_used_bytes());
    reply_number_fact("x-stack-bytes", board.stack_bytes);
    reply_text_fact("x-compiler", __VERSION__);
    reply_text_fact("x-uid", board.uid);
    reply_text_fact("x-clock-source", board.clock_source);
    reply_number_fact("x-core-hz", board.core_hz);
    reply_text_fact("x-tick-source", board.tick_source);
    reply_number_fact("x-wait-states", board.wait_states);
    reply_text_fact("x-flash-caches", board.flash_caches);
    reply_text_fact("x-reset-cause", board.reset_cause);
}

static void command_model(const char *arguments) {
    uint32_t index = 0;
    if (!take_number(&arguments, &index) || *arguments != '\0' || index >= bench_model_count) {
        reply_number_fact("e-[model takes an index] models", bench_model_count);
        return;
    }
    input_forget();
    feed_restart();
    selection_start(index);
    (void)selection_is_ready();
}

static void command_stack(const char *arguments) {
    (void)arguments;
    reply_number_fact("x-stack-peak-bytes", board_stack_peak_bytes());
}

static void command_arena(const char *arguments) {
    (void)arguments;
    reply_number_fact("x-arena-used-bytes", selection()->arena_used_bytes());
    reply_number_fact("x-arena-peak-bytes", selection_arena_peak_bytes());
}

static void command_fault(const char *arguments) {
    (void)arguments;
    board_fault();
    reply_failure("this board cannot fault on purpose");
}

static void command_help(const char *arguments);

static const struct {
    const char *name;
    void (*answer)(const char *arguments);
} commands[] = {
    {"name", command_name},
    {"profile", command_profile},
    {"timestamp", command_timestamp},
    {"info", command_info},
    {"db", input_command_db},
    {"put", input_command_put},
    {"infer", inference_command_infer},
    {"baseline", inference_command_baseline},
    {"steps", inference_command_steps},
    {"output", inference_command_output},
    {"results", inference_command_results},
    {"stack", command_stack},
    {"arena", command_arena},
    {"model", command_model},
    {"fault", command_fault},
    {"help", command_help},
};

static void command_help(const char *arguments) {
    (void)arguments;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        reply_line(commands[i].name);
    }
}

static void answer(const char *command) {
    const size_t length = strcspn(command, " ");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].name) == length && strncmp(command, commands[i].name, length) == 0) {
            commands[i].answer(command + length + (command[length] == ' ' ? 1 : 0));
            return;
        }
    }
    reply_failure("unknown command");
}

void bench_run(void) {
    static char command[BENCH_COMMAND_BYTES + 1];
    size_t length = 0;
    selection_start(0);
    for (int byte = board_read_byte(); byte >= 0; byte = board_read_byte()) {
        if (byte == '\r' || byte == '\n') {
            length = 0;
        } else if (byte != '%') {
            command[length < BENCH_COMMAND_BYTES ? length : BENCH_COMMAND_BYTES] = (char)byte;
            length = length <= BENCH_COMMAND_BYTES ? length + 1 : length;
        } else if (length > BENCH_COMMAND_BYTES) {
            length = 0;
            reply_start("");
            reply_failure("command too long");
            reply_end();
        } else {
            command[length] = '\0';
            length = 0;
            reply_start(command);
            answer(command);
            reply_end();
        }
    }
}
