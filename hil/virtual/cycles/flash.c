#include "flash.h"

#include <string.h>

static void cache_start(cache_t *cache, uint32_t lines) {
    memset(cache, 0, sizeof *cache);
    cache->lines = lines;
}

static uint16_t *place_of(cache_t *cache, uint32_t line) {
    return &cache->place[line % FACTS_MOST_FLASH_LINES];
}

static bool cache_has(cache_t *cache, uint32_t line) { return *place_of(cache, line) != 0U; }

/* Whether the cache holds a line, which is then the one used last. */
static bool cache_use(cache_t *cache, uint32_t line) {
    const uint32_t place = *place_of(cache, line);
    if (place != 0U) {
        cache->used[place - 1U] = ++cache->uses;
    }
    return place != 0U;
}

/* Puts a line in the place of the one that was not used for the longest time. */
static void cache_put(cache_t *cache, uint32_t line) {
    uint32_t oldest = 0;
    if (cache->lines == 0U) {
        return;
    }
    for (uint32_t i = 1; i < cache->lines; i++) {
        if (cache->used[i] < cache->used[oldest]) {
            oldest = i;
        }
    }
    if (cache->used[oldest] != 0U) {
        *place_of(cache, cache->line[oldest]) = 0;
    }
    cache->line[oldest] = line;
    cache->used[oldest] = ++cache->uses;
    *place_of(cache, line) = (uint16_t)(oldest + 1U);
}

void flash_start(flash_t *flash, const facts_t *facts) {
    memset(flash, 0, sizeof *flash);
    flash->facts = facts;
    while (1U << flash->line_shift < facts->flash_line_bytes) {
        flash->line_shift++;
    }
    cache_start(&flash->instructions, facts->instruction_lines);
    cache_start(&flash->data, facts->data_lines);
}

/* Reads a line as soon as the array is free; gives the cycle in which it arrives. */
static int64_t read_array(flash_t *flash, int64_t at) {
    const int64_t first = at > flash->free_at ? at : flash->free_at + 1;
    flash->free_at = first + (int64_t)flash->facts->wait_states;
    return flash->free_at;
}

static void prefetch(flash_t *flash, uint32_t line, int64_t at) {
    flash->has_prefetched = false;
    if (flash->facts->prefetches == 0U || cache_has(&flash->instructions, line)) {
        return;
    }
    flash->has_prefetched = true;
    flash->prefetched = line;
    flash->prefetched_at = read_array(flash, at + 1);
}

int64_t flash_fetch_wait(flash_t *flash, uint32_t address, int64_t at) {
    const uint32_t line = address >> flash->line_shift;
    if (flash->has_current && flash->current == line) {
        return 0;
    }
    int64_t arrives = at;
    flash->current = line;
    flash->has_current = true;
    if (!cache_use(&flash->instructions, line)) {
        if (flash->has_prefetched && flash->prefetched == line) {
            arrives = flash->prefetched_at > at ? flash->prefetched_at : at;
        } else {
            arrives = read_array(flash, at);
        }
        cache_put(&flash->instructions, line);
    }
    if (!flash->has_prefetched || flash->prefetched != line + 1U) {
        prefetch(flash, line + 1U, arrives);
    }
    return arrives - at;
}

int64_t flash_load_wait(flash_t *flash, uint32_t address, int64_t at) {
    const uint32_t line = address >> flash->line_shift;
    if (cache_use(&flash->data, line)) {
        return 0;
    }
    const int64_t arrives = read_array(flash, at);
    cache_put(&flash->data, line);
    return arrives - at;
}
