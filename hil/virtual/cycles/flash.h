#ifndef CYCLES_FLASH_H
#define CYCLES_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#include "facts.h"

/** Lines that a cache holds, in a ring from the one that was used last to the one that was not used
 * for the longest time. */
typedef struct {
    uint32_t line[FACTS_MOST_CACHED];
    bool is_held[FACTS_MOST_CACHED];
    uint16_t older[FACTS_MOST_CACHED];
    uint16_t newer[FACTS_MOST_CACHED];
    uint16_t newest;
    uint16_t place[FACTS_MOST_FLASH_LINES]; /* where a line is, plus 1; 0 if it is not held */
    uint32_t lines;
} cache_t;

/** The flash of a chip with its accelerator: one array, which reads one line at a time. */
typedef struct {
    const facts_t *facts;
    unsigned line_shift;
    cache_t instructions;
    cache_t data;
    int64_t free_at;     /* when the array has finished its last read */
    uint32_t prefetched; /* the line in the prefetch buffer */
    int64_t prefetched_at;
    bool has_prefetched;
    uint32_t current; /* the line from which instructions come */
    bool has_current;
} flash_t;

/** Starts with empty caches. */
void flash_start(flash_t *flash, const facts_t *facts);

/** Whether wait states apply to an address. */
static inline bool flash_holds(const flash_t *flash, uint32_t address) {
    return flash->facts->wait_states != 0U &&
           address - flash->facts->flash_origin < flash->facts->flash_bytes;
}

/** Cycles that a fetch of a word waits.
 *
 * @param at cycle in which it would arrive from memory without wait states */
int64_t flash_fetch_wait(flash_t *flash, uint32_t address, int64_t at);

/** Cycles that a load waits; as flash_fetch_wait(). */
int64_t flash_load_wait(flash_t *flash, uint32_t address, int64_t at);

#endif
