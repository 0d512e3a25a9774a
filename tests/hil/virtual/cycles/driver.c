/* Reads instructions from standard input, one a line, and writes what the cycle model makes of
 * them.
 *
 * decode:        ADDRESS CODE
 * run FACTS:     ADDRESS CODE NEXT ACCESSES, then ADDRESS BYTES IS_STORE of each access
 * blocks FACTS:  the same; instructions up to a branch are a block, which is the same block when
 *                they are executed again, and only the last counts are written
 *
 * Numbers are hexadecimal; CODE has four digits, or eight with the first halfword first. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define MOST_ACCESSES 32
#define MOST_STEPS 20000

typedef struct {
    instruction_t instruction;
    uint32_t next;
    uint32_t count;
    access_t accesses[MOST_ACCESSES];
} step_t;

static step_t steps[MOST_STEPS];
static trace_block_t *blocks[MOST_STEPS + 1];
static uint32_t blocks_count;

static bool read_instruction(instruction_t *instruction) {
    uint32_t address = 0;
    char code[9];
    if (scanf("%" SCNx32 " %8s", &address, code) != 2) {
        return false;
    }
    uint32_t number = 0;
    (void)sscanf(code, "%" SCNx32, &number);
    const bool is_wide = strlen(code) == 8;
    const uint16_t halves[2] = {(uint16_t)(is_wide ? number >> 16 : number), (uint16_t)number};
    *instruction = instruction_decode(address, halves, is_wide ? 4 : 2);
    return true;
}

static void decode(void) {
    instruction_t own;
    while (read_instruction(&own)) {
        printf("%u %x %x %x %u %d %d %" PRIx32 " %" PRIx32 " %" PRIx32 " %" PRIx32 "\n", own.kind,
               own.address_registers, own.results, own.updated_base, own.count, own.writes_pc,
               own.accesses, own.target, own.float_sources, own.float_addends, own.float_results);
    }
}

static uint32_t read_steps(void) {
    uint32_t count = 0;
    while (count < MOST_STEPS && read_instruction(&steps[count].instruction)) {
        step_t *const own = &steps[count++];
        if (scanf("%" SCNx32 " %" SCNx32, &own->next, &own->count) != 2 ||
            own->count > MOST_ACCESSES) {
            exit(2);
        }
        for (uint32_t i = 0; i < own->count; i++) {
            access_t *const access = &own->accesses[i];
            uint32_t is_store = 0;
            if (scanf("%" SCNx32 " %" SCNx32 " %" SCNx32, &access->address, &access->bytes,
                      &is_store) != 3) {
                exit(2);
            }
            access->is_store = is_store != 0;
        }
    }
    return count;
}

static access_t describe(uint32_t how) {
    return (access_t){.bytes = how >> 1, .is_store = (how & 1U) != 0U};
}

static void write_counts(void) {
    const counts_t counts = trace_counts();
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64, counts.instructions, counts.cycles, counts.divides);
    for (int i = 0; i < STALLS; i++) {
        printf(" %" PRIu64, counts.stalls[i]);
    }
    printf("\n");
}

static trace_block_t *new_block(const step_t *from, uint32_t count) {
    trace_block_t *const block = trace_new_block(count);
    for (uint32_t i = 0; i < count; i++) {
        trace_fill(block, i, from[i].instruction);
    }
    blocks[blocks_count++] = block;
    return block;
}

/* The block that begins with a step, which may have been executed before. */
static trace_block_t *block_of(const step_t *from, uint32_t count) {
    for (uint32_t i = 0; i < blocks_count; i++) {
        if (blocks[i]->instructions[0].instruction.address == from->instruction.address &&
            blocks[i]->count == count) {
            return blocks[i];
        }
    }
    return new_block(from, count);
}

static void execute(const step_t *from, trace_block_t *block) {
    trace_enter(0, block);
    for (uint32_t i = 0; i < block->count; i++) {
        for (uint32_t j = 0; j < from[i].count; j++) {
            const access_t access = from[i].accesses[j];
            trace_access(0, access.bytes << 1 | access.is_store, access.address,
                         &block->instructions[i]);
        }
    }
}

static void run(bool by_blocks) {
    const uint32_t count = read_steps();
    for (uint32_t i = 0; i < count;) {
        uint32_t end = i + 1U;
        while (by_blocks && end < count && !steps[end - 1U].instruction.writes_pc) {
            end++;
        }
        trace_block_t *const block =
            by_blocks ? block_of(&steps[i], end - i) : new_block(&steps[i], 1);
        execute(&steps[i], block);
        if (!by_blocks && i != 0U) {
            write_counts();
        }
        i = end;
    }
    const step_t after = {.instruction = {.address = steps[count - 1U].next, .bytes = 2}};
    trace_enter(0, new_block(&after, 1));
    write_counts();
}

int main(int count, char **words) {
    static facts_t facts;
    if (count == 2 && strcmp(words[1], "decode") == 0) {
        decode();
        return 0;
    }
    if (count != 3) {
        return 2;
    }
    const char *const complaint = facts_read(words[2], &facts);
    if (complaint != NULL) {
        printf("%s\n", complaint);
        return 1;
    }
    trace_start(&facts, describe, NULL);
    run(strcmp(words[1], "blocks") == 0);
    return 0;
}
