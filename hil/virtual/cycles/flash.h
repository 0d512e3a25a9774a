#ifndef CYCLES_FLASH_H
#define CYCLES_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#include "facts.h"

/** What a fetch of a word does; 0: the word is there without wait states. */
#define FETCH_PREFETCHED 1U /* it waits for the prefetch of its line */
#define FETCH_READS 2U      /* it reads its line */
#define FETCH_PREFETCHES 4U /* it starts a prefetch afterwards */
#define FETCH_BITS 3U
#define FETCH_MASK ((1U << FETCH_BITS) - 1U)

/** What the fetch of the first word of a line does; `index` counts the lines. */
#define FETCH_EVENT(index, fetch) ((uint16_t)((index) << FETCH_BITS | (fetch)))

#define FLASH_NO_LINE 0xFFFFFFFFU
#define FLASH_KEPT_EVENTS 4U
#define FLASH_MOST_UNORDERED 32U

/** A line of a cache, and its neighbours in the order of use. */
typedef struct {
    uint32_t line;
    uint16_t older;
    uint16_t newer;
} cached_t;

/** Lines that a cache holds, in a ring from the one that was used last to the one that was not used
 * for the longest time. */
typedef struct {
    uint32_t lines;
    uint32_t newest;
    cached_t cached[FACTS_MOST_CACHED];
    uint16_t place[FACTS_MOST_FLASH_LINES]; /* where a line is, plus 1; 0 if it is not held */
} cache_t;

/** Lines that follow each other, and what fetching them did the last time. */
typedef struct {
    uint32_t first;
    uint32_t last;
    uint64_t puts; /* at that time; if there were none since, the cache holds the same */
    uint32_t prefetched;
    uint32_t prefetched_after;
    uint32_t events;
    uint16_t event[FLASH_KEPT_EVENTS];
    bool was_current; /* `first` */
    bool is_unordered;
    uint64_t used_at;
} fetched_t;

/** Which lines the caches and the prefetch buffer of the flash hold. This depends on the order of
 * the accesses alone, not on their times. */
typedef struct {
    uint32_t origin;
    uint32_t bytes; /* to which wait states apply; 0 if there are none */
    unsigned line_shift;
    bool prefetches;
    uint32_t loaded;     /* the data line that was used last */
    uint32_t current;    /* the line from which instructions come */
    uint32_t prefetched; /* the line in the prefetch buffer */
    uint64_t puts;       /* number of lines that `instructions` has got, plus 1 */
    uint64_t uses;
    uint32_t unordered_count;
    fetched_t *unordered[FLASH_MOST_UNORDERED]; /* used, but not yet so in `instructions` */
    cache_t instructions;
    cache_t data;
} flash_t;

/** As flash_load(), of a line that is not the last one. */
bool flash_load_line(flash_t *flash, uint32_t line);

/** Starts with empty caches. */
void flash_start(flash_t *flash, const facts_t *facts);

/** Whether wait states apply to an address. */
static inline bool flash_holds(const flash_t *flash, uint32_t address) {
    return address - flash->origin < flash->bytes;
}

/** Fetches all words of lines of flash, from `first` to `last`.
 *
 * @param own of the code that lies there; all 0 at first
 * @param events gets FETCH_EVENT() of each line whose first fetch is not 0; it has room for one of
 *     each line, and for FLASH_KEPT_EVENTS
 * @return number of these events */
uint32_t flash_fetch(flash_t *flash, fetched_t *own, uint32_t first, uint32_t last,
                     uint16_t *events);

/** Loads from an address in flash.
 *
 * @return whether the load reads a line */
static inline bool flash_load(flash_t *flash, uint32_t address) {
    const uint32_t line = address >> flash->line_shift;
    return line != flash->loaded && flash_load_line(flash, line);
}

#endif
