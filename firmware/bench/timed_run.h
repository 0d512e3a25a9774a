/** Runs something and counts the ticks. */
#ifndef TIMED_RUN_H
#define TIMED_RUN_H

#include <stdint.h>

/** Runs it `count` times, up to the first status that is not 0, which it returns. */
int run_times(int (*run)(void), uint32_t count);

/** The same, measured; the measuring itself takes as many ticks as `run_nothing`. */
int run_measured(int (*run)(void), uint32_t count, uint32_t *ticks);

/** Does nothing: what it takes to measure that. */
int run_nothing(void);

#endif
