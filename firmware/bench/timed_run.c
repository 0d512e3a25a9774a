#include "timed_run.h"

#include "board.h"

int run_nothing(void) { return 0; }

/* Kept out of line and called through a pointer, so that a baseline runs the same instructions. */
__attribute__((noinline)) int run_times(int (*run)(void), uint32_t count) {
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = run();
    }
    return status;
}

int run_measured(int (*run)(void), uint32_t count, uint32_t *ticks) {
    board_ticks_start();
    const int status = run_times(run, count);
    *ticks = board_ticks();
    return status;
}
