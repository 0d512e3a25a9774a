/** The model that commands are about: one of those that the firmware holds. */
#ifndef SELECTION_H
#define SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "bench_model.h"

/** The selected model. */
const bench_model_t *selection(void);

/** Start with a model in a fresh, painted arena, which models may share. */
void selection_start(uint32_t index);

/** Whether it could be initialised; if not, the answer says why. */
bool selection_is_ready(void);

/** Bytes outside the longest stretch of paint: a runtime may work from both ends of its arena. */
uint32_t selection_arena_peak_bytes(void);

#endif
