#include "inference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arguments.h"
#include "board.h"
#include "feed.h"
#include "input.h"
#include "outputs.h"
#include "ports.h"
#include "reply.h"
#include "selection.h"
#include "timed_run.h"

/* As in MLPerf Tiny's firmware. */
#define DEFAULT_WARM_UP 10U

/* The inferences that gave the kept output. */
static struct {
    uint32_t count; /* inferences; 0 if there is no output */
    uint32_t warm_up;
    uint32_t ticks;
} last;

void inference_forget(void) { last.count = 0; }

static bool is_done(int status) {
    if (status != 0) {
        reply_number_fact("e-[inference failed] status", (uint32_t)status);
    }
    return status == 0;
}

/* Only the first inference sees the original input: it may use its memory for other tensors. */
static void keep_output(void) {
    ports_read(selection()->outputs, selection()->output_count, selection()->kept_output);
}

static void restore_output(void) {
    ports_write(selection()->outputs, selection()->output_count, selection()->kept_output);
}

/* The first inference, on the input that was loaded; its output is kept. */
static bool run_first(uint32_t *ticks) {
    const bool is_fed = selection()->row_bytes != 0;
    if (!is_done(is_fed ? feed_end(ticks) : run_measured(selection()->invoke, 1, ticks))) {
        return false;
    }
    keep_output();
    return true;
}

static bool warm_up_times(uint32_t count) {
    uint32_t ticks = 0;
    return count == 0 || (run_first(&ticks) && is_done(run_times(selection()->invoke, count - 1)));
}

static bool measure_times(uint32_t count, bool is_warm, uint32_t *ticks) {
    uint32_t rest = 0;
    if (is_warm) {
        return is_done(run_measured(selection()->invoke, count, ticks));
    }
    if (!run_first(ticks)) {
        return false;
    }
    const bool is_all_done =
        count == 1 || is_done(run_measured(selection()->invoke, count - 1, &rest));
    *ticks = *ticks > UINT32_MAX - rest ? UINT32_MAX : *ticks + rest;
    return is_all_done;
}

/* Not on a board whose microseconds are not real time. */
static void reply_lap(void) {
    if (board_keeps_time()) {
        reply_numbered_line("m-lap-us-", board_microseconds());
    }
}

static bool can_infer(void) {
    if (!selection_is_ready()) {
        return false;
    }
    inference_forget();
    if (!input_is_whole()) {
        reply_failure("the input was not loaded");
        return false;
    }
    return true;
}

void inference_command_infer(const char *arguments) {
    uint32_t count = 1;
    uint32_t warm_up = DEFAULT_WARM_UP;
    uint32_t ticks = 0;
    (void)(take_number(&arguments, &count) && take_number(&arguments, &warm_up));
    if (*arguments != '\0' || count == 0) {
        reply_failure("infer takes a number of inferences and one of warm-ups");
        return;
    }
    if (!can_infer()) {
        return;
    }
    reply_numbered_line("m-warmup-start-", warm_up);
    if (!warm_up_times(warm_up)) {
        return;
    }
    reply_line("m-warmup-done");
    reply_numbered_line("m-infer-start-", count);
    reply_lap();
    if (measure_times(count, warm_up > 0, &ticks)) {
        restore_output();
        last.count = count;
        last.warm_up = warm_up;
        last.ticks = ticks;
        reply_lap();
        reply_line("m-infer-done");
        reply_number_fact("x-ticks", ticks);
        reply_output(selection());
        reply_results(selection());
    }
}

void inference_command_baseline(const char *arguments) {
    uint32_t count = 0;
    uint32_t ticks = 0;
    int (*volatile nothing)(void) = run_nothing;
    if (!take_number(&arguments, &count) || *arguments != '\0' || count == 0) {
        reply_failure("baseline takes a number of inferences");
    } else if (is_done(run_measured(nothing, count, &ticks))) {
        reply_number_fact("x-ticks", ticks);
    }
}

static void put_ticks(uint32_t index, uint32_t ticks) {
    reply_text(index == 0 ? "" : ",");
    reply_number(ticks);
}

static int put_ticks_of_steps(const bench_model_t *model) {
    int status = 0;
    for (uint32_t step = 0; step < model->steps && status == 0; step++) {
        board_ticks_start();
        status = model->invoke_step(step);
        put_ticks(step, board_ticks());
    }
    return status;
}

static int put_ticks_of_operators(const bench_model_t *model) {
    board_ticks_start();
    const int status = model->profile(board_ticks);
    for (uint32_t i = 0; i < model->operators && status == 0; i++) {
        put_ticks(i, model->operator_ticks[i]);
    }
    return status;
}

void inference_command_steps(const char *arguments) {
    (void)arguments;
    if (!can_infer()) {
        return;
    }
    const bench_model_t *const model = selection();
    reply_text("x-step-ticks-[");
    const int status =
        model->profile == NULL ? put_ticks_of_steps(model) : put_ticks_of_operators(model);
    reply_line("]");
    if (model->row_bytes != 0) {
        feed_restart();
    }
    (void)is_done(status);
}

void inference_command_output(const char *arguments) {
    (void)arguments;
    if (!selection_is_ready()) {
        return;
    }
    reply_number_fact("x-inferences", last.count);
    if (last.count != 0) {
        reply_number_fact("x-warm-ups", last.warm_up);
        reply_number_fact("x-ticks", last.ticks);
        reply_output(selection());
    }
}

void inference_command_results(const char *arguments) {
    (void)arguments;
    if (!selection_is_ready()) {
        return;
    }
    if (last.count == 0) {
        reply_failure("no inference since the input was written");
    } else {
        reply_results(selection());
    }
}
