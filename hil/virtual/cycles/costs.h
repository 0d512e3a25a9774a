#ifndef CYCLES_COSTS_H
#define CYCLES_COSTS_H

#include <stdint.h>

#include "facts.h"
#include "instruction.h"

/** What the instructions of a kind take by themselves: `cycles`, and `each_cycles` for each
 * register of a multiple transfer. The bus is busy for `bus_cycles` more; some instructions may be
 * executed in this time. */
typedef struct {
    int32_t cycles;
    int32_t each_cycles;
    int32_t bus_cycles;
} cost_t;

/** The costs of all kinds. */
void costs_start(const facts_t *facts, cost_t costs[KINDS]);

#endif
