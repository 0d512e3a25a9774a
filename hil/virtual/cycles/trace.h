#ifndef CYCLES_TRACE_H
#define CYCLES_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instruction.h"
#include "pipeline.h"

#define TRACE_MOST_ACCESSES 65536U
#define TRACE_MOST_MARKS 4U

struct trace_block;

/** An instruction of a block, and to which block it belongs. */
typedef struct {
    instruction_t instruction;
    struct trace_block *block;
    uint32_t index;
} trace_instruction_t;

/** Instructions that are executed one after the other, unless an access ends the block early. */
typedef struct trace_block {
    struct trace_block *next; /* all blocks, in a list */
    uint32_t count;
    trace_instruction_t instructions[];
} trace_block_t;

/** Addresses whose accesses are reported. */
typedef struct {
    uint32_t origin;
    uint32_t bytes;
} trace_mark_t;

/** Called after an access to marked addresses, with the counts after its instruction. */
typedef void (*trace_on_mark_t)(const access_t *access, const counts_t *counts);

/** Starts with an empty trace. Marks may be set before. */
void trace_start(const facts_t *facts, trace_on_mark_t on_mark);

/** Marks addresses.
 *
 * @return false if there are TRACE_MOST_MARKS already */
bool trace_mark(trace_mark_t mark);

/** A block of memory of its own, with `count` instructions to be filled in; NULL without memory. */
trace_block_t *trace_new_block(uint32_t count);

/** A block starts; the one before it is executed by the pipeline now. */
void trace_enter(trace_block_t *block);

/** An instruction accesses memory. One of another block than the one that was entered last means
 * that QEMU left that block before this instruction, and repeats the instruction alone. */
void trace_access(const trace_instruction_t *by, access_t access);

#endif
