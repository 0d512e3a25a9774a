#ifndef CYCLES_PIPELINE_H
#define CYCLES_PIPELINE_H

#include <stdint.h>

#include "costs.h"
#include "counts.h"
#include "event.h"
#include "facts.h"
#include "instruction.h"

#define PIPELINE_LONG_AGO (INT32_MIN / 4)

static inline int32_t pipeline_later(int32_t a, int32_t b) { return a > b ? a : b; }

/** Times of the core and of the flash, in cycles from any beginning. `pipeline_settle` gives times
 * that lead to the same future the same values. */
typedef struct {
    int32_t issued;      /* when the last instruction was executed first */
    int32_t free_at;     /* when the next one may be */
    int32_t bus_free_at; /* as free_at, for one that does not overlap a load */
    int32_t fpu_free_at;
    int32_t address_ready[16]; /* when an address may be computed from a register */
    int32_t float_ready[32];
    int32_t requested;                    /* when the last word was requested */
    int32_t arrived;                      /* when it arrived */
    int32_t consumed[FACTS_MOST_FETCHED]; /* when it was decoded, and those before it */
    int32_t array_free_at;                /* when the flash has finished its last read */
    int32_t prefetched_at;                /* when the prefetched line arrives */
    uint32_t next_word;                   /* address of the next word to be fetched */
    uint8_t last_kind;
    uint8_t last_bytes;
    uint8_t last_memory; /* index of the memory that was accessed last */
    uint8_t is_refilling;
} times_t;

/** The core. */
typedef struct {
    const facts_t *facts;
    cost_t costs[KINDS];
    times_t times;
    counts_t counts;      /* but the cycles */
    int32_t fetch_waited; /* cycles that the fetches for an instruction waited for flash */
    uint32_t first_word;
    uint8_t *fetches; /* what the first fetch of each word from `first_word` on does: see flash.h */
} pipeline_t;

/** Starts at cycle 0, at an address. */
void pipeline_start(pipeline_t *own, const facts_t *facts, uint32_t address);

/** Executes one instruction.
 *
 * @param accesses what it loaded or stored; none if its condition failed
 * @param next address of the instruction that was executed after it */
void pipeline_execute(pipeline_t *own, const instruction_t *instruction, const uint16_t *accesses,
                      uint32_t count, uint32_t next);

/** Makes the end of the last instruction cycle 0, and the word of the next instruction address 0.
 * Two times that differ afterwards may have different futures; equal ones have the same.
 *
 * @param next address of the next instruction */
void pipeline_settle(pipeline_t *own, uint32_t next);

/** Goes on from times that pipeline_settle() gave; nothing is counted yet. */
void pipeline_resume(pipeline_t *own, const times_t *times, uint32_t next);

/** What was counted since the start, or since pipeline_resume(). */
counts_t pipeline_counts(const pipeline_t *own);

#endif
