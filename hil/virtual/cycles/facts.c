#include "facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_CHARACTERS 64U

static bool set(facts_t *facts, const char *name, uint32_t value, uint32_t *found) {
#define X(fact)                                                                                    \
    if (strcmp(name, #fact) == 0) {                                                                \
        facts->fact = value;                                                                       \
        (*found)++;                                                                                \
        return true;                                                                               \
    }
    CORE_FACTS(X)
    CHIP_FACTS(X)
#undef X
    if (strcmp(name, "memory_origin") == 0 && facts->memories < FACTS_MOST_MEMORIES) {
        facts->memory_origin[facts->memories++] = value;
        return true;
    }
    return false;
}

static const char *read_lines(FILE *file, facts_t *facts) {
    static char complaint[NAME_CHARACTERS + 32U];
    char name[NAME_CHARACTERS];
    uint32_t value = 0;
    uint32_t found = 0;
    uint32_t expected = 0;
#define X(fact) expected++;
    CORE_FACTS(X)
    CHIP_FACTS(X)
#undef X
    while (fscanf(file, "%63s %" SCNu32, name, &value) == 2) {
        if (!set(facts, name, value, &found)) {
            (void)snprintf(complaint, sizeof complaint, "unknown fact %s", name);
            return complaint;
        }
    }
    if (!feof(file)) {
        return "a line is not a name and a number";
    }
    if (found != expected) {
        return "a fact is missing, or there twice";
    }
    const uint32_t line = facts->flash_line_bytes;
    if (line < 4U || (line & (line - 1U)) != 0U || facts->flash_origin % line != 0U ||
        facts->flash_bytes % line != 0U || facts->flash_bytes / line > FACTS_MOST_FLASH_LINES ||
        facts->instruction_lines > FACTS_MOST_CACHED || facts->data_lines > FACTS_MOST_CACHED ||
        facts->fetch_buffer_words == 0U || facts->fetch_buffer_words > FACTS_MOST_FETCHED) {
        return "the flash, a cache or the fetch buffer has a size that cannot be modelled";
    }
    if (facts->branch_refill_cycles == 0U || facts->branch_by_register_refill_cycles == 0U) {
        return "a branch fills the pipeline in no time, which cannot be modelled";
    }
    return NULL;
}

const char *facts_read(const char *path, facts_t *facts) {
    memset(facts, 0, sizeof *facts);
    FILE *const file = fopen(path, "r");
    if (file == NULL) {
        return "the file of facts cannot be opened";
    }
    const char *const complaint = read_lines(file, facts);
    (void)fclose(file);
    return complaint;
}
