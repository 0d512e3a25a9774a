/** The selected model of the firmware, to which commands refer. */
#ifndef SELECTION_H
#define SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "bench_model.h"

/** The selected model. */
const bench_model_t *selection(void);

/** Starts a model in an arena filled with the pattern; models may share it. */
void selection_start(uint32_t index);

/** Whether it could be initialised; if not, the answer gives the reason. */
bool selection_is_ready(void);

/** Bytes outside the longest run of the pattern: a runtime may use both ends of its arena. */
uint32_t selection_arena_peak_bytes(void);

#endif
