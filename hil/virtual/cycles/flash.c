#include "flash.h"

#include <string.h>

static void cache_start(cache_t *cache, uint32_t lines) {
    memset(cache, 0, sizeof *cache);
    cache->lines = lines;
    for (uint32_t i = 0; i < lines; i++) {
        cache->older[i] = (uint16_t)((i + 1U) % lines);
        cache->newer[i] = (uint16_t)((i + lines - 1U) % lines);
    }
}

static uint16_t *place_of(cache_t *cache, uint32_t line) {
    return &cache->place[line % FACTS_MOST_FLASH_LINES];
}

static bool cache_has(cache_t *cache, uint32_t line) { return *place_of(cache, line) != 0U; }

/* Moves a place of the ring to its beginning. */
static void make_newest(cache_t *cache, uint16_t own) {
    const uint16_t newest = cache->newest;
    const uint16_t oldest = cache->newer[newest];
    if (own != newest && own != oldest) {
        cache->older[cache->newer[own]] = cache->older[own];
        cache->newer[cache->older[own]] = cache->newer[own];
        cache->older[own] = newest;
        cache->newer[own] = oldest;
        cache->older[oldest] = own;
        cache->newer[newest] = own;
    }
    cache->newest = own;
}

/* Whether the cache holds a line, which is then the one used last. */
static bool cache_use(cache_t *cache, uint32_t line) {
    const uint16_t place = *place_of(cache, line);
    if (place != 0U) {
        make_newest(cache, (uint16_t)(place - 1U));
    }
    return place != 0U;
}

/* Puts a line in the place of the one that was not used for the longest time. */
static void cache_put(cache_t *cache, uint32_t line) {
    if (cache->lines == 0U) {
        return;
    }
    const uint16_t oldest = cache->newer[cache->newest];
    if (cache->is_held[oldest]) {
        *place_of(cache, cache->line[oldest]) = 0;
    }
    cache->line[oldest] = line;
    cache->is_held[oldest] = true;
    *place_of(cache, line) = (uint16_t)(oldest + 1U);
    make_newest(cache, oldest);
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
