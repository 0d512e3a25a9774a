#include "trace.h"

#include <stdlib.h>

static struct {
    pipeline_t pipeline;
    trace_on_mark_t on_mark;
    trace_mark_t mark[TRACE_MOST_MARKS];
    uint32_t marks;
    bool has_marked; /* whether this block accessed marked addresses */
    bool has_started;
    trace_block_t *blocks;
    trace_block_t *block; /* the one that is executed now */
    uint32_t end;         /* number of its instructions that were executed */
    uint32_t accesses;
    uint32_t by[TRACE_MOST_ACCESSES]; /* index of the instruction that made each access */
    access_t access[TRACE_MOST_ACCESSES];
} trace;

static facts_t trace_facts;

void trace_start(const facts_t *facts, trace_on_mark_t on_mark) {
    trace_facts = *facts;
    trace.on_mark = on_mark;
}

bool trace_mark(trace_mark_t mark) {
    if (trace.marks == TRACE_MOST_MARKS) {
        return false;
    }
    trace.mark[trace.marks++] = mark;
    return true;
}

static bool is_marked(uint32_t address) {
    for (uint32_t i = 0; i < trace.marks; i++) {
        if (address - trace.mark[i].origin < trace.mark[i].bytes) {
            return true;
        }
    }
    return false;
}

trace_block_t *trace_new_block(uint32_t count) {
    trace_block_t *const block = calloc(1, sizeof *block + count * sizeof block->instructions[0]);
    if (block != NULL) {
        block->count = count;
        block->next = trace.blocks;
        trace.blocks = block;
    }
    return block;
}

static void report_marks(uint32_t first, uint32_t end) {
    for (uint32_t i = first; i < end; i++) {
        if (is_marked(trace.access[i].address)) {
            const counts_t counts = pipeline_counts(&trace.pipeline);
            trace.on_mark(&trace.access[i], &counts);
        }
    }
}

/* Executes the instructions of the block that was entered last. */
static void execute(uint32_t next) {
    const trace_instruction_t *const instructions = trace.block->instructions;
    uint32_t first = 0;
    for (uint32_t i = 0; i < trace.end; i++) {
        const instruction_t *const own = &instructions[i].instruction;
        uint32_t end = first;
        while (end < trace.accesses && trace.by[end] == i) {
            end++;
        }
        pipeline_execute(&trace.pipeline, own, &trace.access[first], end - first,
                         i + 1U < trace.end ? own->address + own->bytes : next);
        if (trace.has_marked) {
            report_marks(first, end);
        }
        first = end;
    }
    trace.accesses = 0;
    trace.has_marked = false;
}

void trace_enter(trace_block_t *block) {
    const uint32_t address = block->instructions[0].instruction.address;
    if (!trace.has_started) {
        pipeline_start(&trace.pipeline, &trace_facts, address);
        trace.has_started = true;
    } else {
        execute(address);
    }
    trace.block = block;
    trace.end = block->count;
}

static uint32_t index_at(const trace_block_t *block, uint32_t address) {
    uint32_t index = 0;
    while (index < block->count && block->instructions[index].instruction.address != address) {
        index++;
    }
    return index;
}

void trace_access(const trace_instruction_t *by, access_t access) {
    if (trace.block == NULL || trace.accesses == TRACE_MOST_ACCESSES) {
        return;
    }
    uint32_t index = by->index;
    if (by->block != trace.block) {
        index = index_at(trace.block, by->instruction.address);
        if (index == trace.block->count) {
            return;
        }
        trace.end = index + 1U;
    }
    trace.by[trace.accesses] = index;
    trace.access[trace.accesses] = access;
    trace.accesses++;
    trace.has_marked = trace.has_marked || is_marked(access.address);
}
