#ifndef CYCLES_TRACE_H
#define CYCLES_TRACE_H

/* Follows the execution of blocks. What depends on the run alone is collected while a block is
 * executed: its accesses, and what the caches hold. From this follows what the block takes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flash.h"
#include "instruction.h"
#include "known.h"
#include "pipeline.h"

#define TRACE_MOST_ACCESSES 65536U
#define TRACE_MOST_INSTRUCTIONS 512U /* of a block */
#define TRACE_MOST_MARKS 4U

struct trace_block;

/** An instruction of a block. What is next to `block` is about its last access: an access of the
 * same kind to one of these addresses is the same event. */
typedef struct {
    struct trace_block *block;
    uint32_t how;
    range_t alike;
    uint32_t inside; /* the bits of an address that are 0 if it is aligned */
    uint16_t event;
    bool reads_flash;
    uint32_t index;
    instruction_t instruction;
} trace_instruction_t;

/** Instructions that are executed one after the other, unless an access ends the block early. */
typedef struct trace_block {
    fetched_t fetched;
    uint32_t count;
    trace_instruction_t instructions[];
} trace_block_t;

/** Called after an access to marked addresses, with the counts after its instruction. */
typedef void (*trace_on_mark_t)(const access_t *access, const counts_t *counts);

/** Gives the bytes of an access and whether it is a store, from the number that describes it. */
typedef access_t (*trace_describe_t)(uint32_t how);

/** Starts with an empty trace. Marks may be set before. */
void trace_start(const facts_t *facts, trace_describe_t describe, trace_on_mark_t on_mark);

/** Marks addresses.
 *
 * @return false if there are TRACE_MOST_MARKS already */
bool trace_mark(range_t mark);

/** A block with `count` instructions to be filled in, which is never freed; NULL without memory, or
 * if there are more than TRACE_MOST_INSTRUCTIONS. */
trace_block_t *trace_new_block(uint32_t count);

/** Fills in an instruction of a block. */
trace_instruction_t *trace_fill(trace_block_t *block, uint32_t index, instruction_t instruction);

/** A block starts; the one before it ends. */
void trace_enter(unsigned cpu, void *block);

/** An instruction accesses memory. One of another block than the one that was entered last means
 * that QEMU left that block before this instruction, and repeats the instruction alone.
 *
 * @param how describes the access
 * @param by the trace_instruction_t */
void trace_access(unsigned cpu, uint32_t how, uint64_t address, void *by);

/** What was counted up to the end of the last block that another one followed. */
counts_t trace_counts(void);

#endif
