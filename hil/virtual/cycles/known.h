#ifndef CYCLES_KNOWN_H
#define CYCLES_KNOWN_H

/* What is already known about blocks, so that the pipeline executes each only once in each
 * situation. Nothing is approximated: a situation is all that the pipeline depends on. */

#include <stdint.h>

#include "pipeline.h"

#define KNOWN_CACHE_LINE 64
#ifndef KNOWN_MOST
#define KNOWN_MOST 262144U /* situations; then all are forgotten */
#endif

/** Settled times, each once. */
typedef struct state {
    struct state *next; /* of the same hash */
    times_t times;
} state_t;

/** All that decides what a block takes.
 *
 * The events are 16 bits each: first the accesses, then the fetches that are not 0. Behind them
 * are zeros up to a multiple of 64 bits. */
typedef struct {
    const void *block;
    const state_t *from;
    uint32_t next; /* address of the block after it */
    uint32_t end;  /* number of its instructions that were executed */
    uint32_t accesses;
    uint32_t events;
} situation_t;

/** What a block took in a situation. What is needed each time lies together in one cache line. */
typedef struct course {
    struct course *next; /* of the same hash */
    struct course *next_counted;
    counts_t counts;
    _Alignas(KNOWN_CACHE_LINE) situation_t situation;
    struct course *then[2]; /* the courses that followed it: the last one, and one before it */
    const state_t *to;
    uint64_t times; /* it was taken since the last sum */
    uint64_t events[];
} course_t;

/** The one state with these times. Without memory, the process ends. */
const state_t *known_state(const times_t *times);

/** Whether a course is the one of a situation. */
static inline bool known_is(const course_t *course, const situation_t *situation,
                            const uint64_t *events) {
    const situation_t *const own = &course->situation;
    if (own->from != situation->from || own->block != situation->block ||
        own->next != situation->next || own->end != situation->end ||
        own->accesses != situation->accesses || own->events != situation->events) {
        return false;
    }
    for (uint32_t i = 0; i < (own->events + 3U) / 4U; i++) {
        if (course->events[i] != events[i]) {
            return false;
        }
    }
    return true;
}

/** The course of a situation; NULL if it is not known. */
course_t *known_find(const situation_t *situation, const uint64_t *events);

/** Adds the course of a situation that is not known. Without memory, the process ends. */
course_t *known_add(const situation_t *situation, const uint64_t *events, const state_t *to,
                    const counts_t *counts);

/** Whether there are KNOWN_MOST situations. */
bool known_is_full(void);

/** Forgets all states and courses. */
void known_forget(void);

#endif
