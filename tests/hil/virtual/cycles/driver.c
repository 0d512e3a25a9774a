/* Reads instructions from standard input, one a line, and writes what the cycle model makes of
 * them.
 *
 * decode:     ADDRESS CODE
 * run FACTS:  ADDRESS CODE NEXT ACCESSES, then ADDRESS BYTES IS_STORE of each access
 *
 * Numbers are hexadecimal; CODE has four digits, or eight with the first halfword first. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pipeline.h"

#define MOST_ACCESSES 32

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

static int run(const char *path) {
    static pipeline_t pipeline;
    static facts_t facts;
    const char *const complaint = facts_read(path, &facts);
    if (complaint != NULL) {
        printf("%s\n", complaint);
        return 1;
    }
    bool has_started = false;
    instruction_t own;
    while (read_instruction(&own)) {
        access_t accesses[MOST_ACCESSES];
        uint32_t next = 0;
        uint32_t count = 0;
        if (scanf("%" SCNx32 " %" SCNx32, &next, &count) != 2 || count > MOST_ACCESSES) {
            return 2;
        }
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bytes = 0;
            uint32_t is_store = 0;
            if (scanf("%" SCNx32 " %" SCNx32 " %" SCNx32, &accesses[i].address, &bytes,
                      &is_store) != 3) {
                return 2;
            }
            accesses[i].bytes = (uint8_t)bytes;
            accesses[i].is_store = is_store != 0;
        }
        if (!has_started) {
            pipeline_start(&pipeline, &facts, own.address);
            has_started = true;
        }
        pipeline_execute(&pipeline, &own, accesses, count, next);
        const counts_t counts = pipeline_counts(&pipeline);
        printf("%" PRIu64 " %" PRIu64 " %" PRIu64, counts.instructions, counts.cycles,
               counts.divides);
        for (int i = 0; i < STALLS; i++) {
            printf(" %" PRIu64, counts.stalls[i]);
        }
        printf("\n");
    }
    return 0;
}

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "decode") == 0) {
        decode();
        return 0;
    }
    return count == 3 && strcmp(words[1], "run") == 0 ? run(words[2]) : 2;
}
