#include "known.h"

#include <stdlib.h>
#include <string.h>

#define LISTS 65536U
#define FACTOR 0x9E3779B97F4A7C15U /* odd, its bits look random: 2^64 / golden ratio */

static struct {
    state_t *states[LISTS];
    course_t *courses[LISTS];
    uint32_t count;
} known;

static void *must(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static uint64_t mixed(uint64_t hash, uint64_t word) {
    const uint64_t product = (hash ^ word) * FACTOR;
    return product ^ product >> 32;
}

static uint32_t hash_of_times(const times_t *times) {
    const uint8_t *const bytes = (const uint8_t *)times;
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof *times; i += sizeof(uint32_t)) {
        uint32_t word = 0;
        memcpy(&word, &bytes[i], sizeof word);
        hash = mixed(hash, word);
    }
    return (uint32_t)hash % LISTS;
}

static uint32_t hash_of(const situation_t *own, const uint64_t *events) {
    uint64_t hash = mixed((uint64_t)(uintptr_t)own->block, (uint64_t)(uintptr_t)own->from);
    hash = mixed(hash, (uint64_t)own->next << 32 | own->end << 16 | own->accesses);
    for (uint32_t i = 0; i < (own->events + 3U) / 4U; i++) {
        hash = mixed(hash, events[i]);
    }
    return (uint32_t)hash % LISTS;
}

const state_t *known_state(const times_t *times) {
    state_t **const list = &known.states[hash_of_times(times)];
    state_t *own = *list;
    while (own != NULL && memcmp(&own->times, times, sizeof *times) != 0) {
        own = own->next;
    }
    if (own == NULL) {
        own = must(malloc(sizeof *own));
        own->times = *times;
        own->next = *list;
        *list = own;
    }
    return own;
}

course_t *known_find(const situation_t *situation, const uint64_t *events) {
    course_t *own = known.courses[hash_of(situation, events)];
    while (own != NULL && !known_is(own, situation, events)) {
        own = own->next;
    }
    return own;
}

course_t *known_add(const situation_t *situation, const uint64_t *events, const state_t *to,
                    const counts_t *counts) {
    const size_t bytes = (situation->events + 3U) / 4U * sizeof *events;
    const size_t lines = (sizeof(course_t) + bytes) / KNOWN_CACHE_LINE + 1U;
    course_t *const own = must(aligned_alloc(KNOWN_CACHE_LINE, lines * KNOWN_CACHE_LINE));
    course_t **const list = &known.courses[hash_of(situation, events)];
    memset(own, 0, sizeof *own);
    own->situation = *situation;
    own->to = to;
    own->counts = *counts;
    own->next = *list;
    memcpy(own->events, events, bytes);
    *list = own;
    known.count++;
    return own;
}

bool known_is_full(void) { return known.count >= KNOWN_MOST; }

void known_forget(void) {
    for (uint32_t i = 0; i < LISTS; i++) {
        while (known.states[i] != NULL) {
            state_t *const own = known.states[i];
            known.states[i] = own->next;
            free(own);
        }
        while (known.courses[i] != NULL) {
            course_t *const own = known.courses[i];
            known.courses[i] = own->next;
            free(own);
        }
    }
    known.count = 0;
}
