#ifndef CYCLES_PIPELINE_H
#define CYCLES_PIPELINE_H

#include <stdint.h>

#include "costs.h"
#include "facts.h"
#include "flash.h"
#include "instruction.h"

/** Why an instruction took longer than its own work. */
typedef enum {
    STALL_FLASH_DATA,         /* a load waited for flash */
    STALL_FLASH_INSTRUCTIONS, /* a fetch waited for flash */
    STALL_LOAD,               /* a load that the next instruction did not overlap */
    STALL_ADDRESS,            /* an address that was computed just before */
    STALL_BRANCH,             /* the pipeline was filled again */
    STALL_FETCH,              /* wide instructions across words came faster than their fetches */
    STALL_FLOAT,              /* a result of the FPU that was not ready */
    STALL_UNALIGNED,          /* data across words */
    STALLS,
} stall_t;

/** What was counted since the start. */
typedef struct {
    uint64_t instructions;
    uint64_t cycles;
    uint64_t divides; /* their cycles depend on operands that are not known */
    uint64_t stalls[STALLS];
} counts_t;

/** One memory access of an instruction. */
typedef struct {
    uint32_t address;
    uint8_t bytes;
    bool is_store;
} access_t;

/** The core and its memories. Times are cycles since the start. */
typedef struct {
    const facts_t *facts;
    cost_t costs[KINDS];
    flash_t flash;
    counts_t counts;
    int64_t issued;      /* when the last instruction was executed first */
    int64_t free_at;     /* when the next one may be */
    int64_t bus_free_at; /* as free_at, for one that does not overlap a load */
    uint8_t last_kind;
    uint8_t last_bytes;
    uint8_t last_memory;       /* index of the memory that was accessed last */
    int64_t address_ready[16]; /* when an address may be computed from a register */
    int64_t float_ready[32];
    int64_t fpu_free_at;
    uint32_t next_word; /* address of the next word to be fetched */
    int64_t requested;  /* when the last word was requested */
    int64_t arrived[8]; /* by word, modulo 8 */
    int64_t consumed[8];
    int64_t fetch_waited; /* cycles that the last fetches waited for flash */
    bool is_refilling;
} pipeline_t;

/** Starts at cycle 0, at an address. */
void pipeline_start(pipeline_t *own, const facts_t *facts, uint32_t address);

/** Executes one instruction.
 *
 * @param accesses what it loaded or stored; none if its condition failed
 * @param next address of the instruction that was executed after it */
void pipeline_execute(pipeline_t *own, const instruction_t *instruction, const access_t *accesses,
                      uint32_t count, uint32_t next);

/** What was counted up to the end of the last instruction. */
counts_t pipeline_counts(const pipeline_t *own);

#endif
