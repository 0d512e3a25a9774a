#include "flash.h"

#include <string.h>

static void cache_start(cache_t *cache, uint32_t lines) {
    memset(cache, 0, sizeof *cache);
    cache->lines = lines;
    for (uint32_t i = 0; i < lines; i++) {
        cache->cached[i].line = FLASH_NO_LINE;
        cache->cached[i].older = (uint16_t)((i + 1U) % lines);
        cache->cached[i].newer = (uint16_t)((i + lines - 1U) % lines);
    }
}

static uint16_t *place_of(cache_t *cache, uint32_t line) {
    return &cache->place[line % FACTS_MOST_FLASH_LINES];
}

/* Moves a place of the ring to its beginning. */
static void make_newest(cache_t *cache, uint32_t place) {
    cached_t *const cached = cache->cached;
    const uint32_t newest = cache->newest;
    const uint32_t oldest = cached[newest].newer;
    if (place == newest) {
        return;
    }
    if (place != oldest) {
        cached[cached[place].newer].older = cached[place].older;
        cached[cached[place].older].newer = cached[place].newer;
        cached[place].older = (uint16_t)newest;
        cached[place].newer = (uint16_t)oldest;
        cached[oldest].older = (uint16_t)place;
        cached[newest].newer = (uint16_t)place;
    }
    cache->newest = place;
}

/* Whether the cache holds a line, which is then the one used last. */
static bool cache_use(cache_t *cache, uint32_t line) {
    const uint32_t place = *place_of(cache, line);
    if (place != 0U) {
        make_newest(cache, place - 1U);
    }
    return place != 0U;
}

/* Puts a line in the place of the one that was not used for the longest time. */
static void cache_put(cache_t *cache, uint32_t line) {
    if (cache->lines == 0U) {
        return;
    }
    const uint32_t oldest = cache->cached[cache->newest].newer;
    if (cache->cached[oldest].line != FLASH_NO_LINE) {
        *place_of(cache, cache->cached[oldest].line) = 0;
    }
    cache->cached[oldest].line = line;
    *place_of(cache, line) = (uint16_t)(oldest + 1U);
    cache->newest = oldest;
}

void flash_start(flash_t *flash, const facts_t *facts) {
    memset(flash, 0, sizeof *flash);
    flash->origin = facts->flash_origin;
    flash->bytes = facts->wait_states != 0U ? facts->flash_bytes : 0U;
    flash->prefetches = facts->prefetches != 0U;
    flash->loaded = FLASH_NO_LINE;
    flash->current = FLASH_NO_LINE;
    flash->prefetched = FLASH_NO_LINE;
    flash->puts = 1;
    while (1U << flash->line_shift < facts->flash_line_bytes) {
        flash->line_shift++;
    }
    cache_start(&flash->instructions, facts->instruction_lines);
    cache_start(&flash->data, facts->data_lines);
}

/* Notes that lines were used. Their order matters only when one of them has to go. */
static void use_later(flash_t *flash, fetched_t *own) {
    own->used_at = ++flash->uses;
    if (!own->is_unordered) {
        own->is_unordered = true;
        flash->unordered[flash->unordered_count++] = own;
    }
}

/* Brings the lines that were used into their order. */
static void order(flash_t *flash) {
    fetched_t **const all = flash->unordered;
    for (uint32_t i = 1; i < flash->unordered_count; i++) {
        fetched_t *const own = all[i];
        uint32_t to = i;
        for (; to > 0U && all[to - 1U]->used_at > own->used_at; to--) {
            all[to] = all[to - 1U];
        }
        all[to] = own;
    }
    for (uint32_t i = 0; i < flash->unordered_count; i++) {
        for (uint32_t line = all[i]->first; line <= all[i]->last; line++) {
            (void)cache_use(&flash->instructions, line);
        }
        all[i]->is_unordered = false;
    }
    flash->unordered_count = 0;
}

/* What the fetch of the first word of a line does, and whether the line is used or put. */
static uint32_t fetch_line(flash_t *flash, uint32_t line, bool is_held) {
    if (flash->current == line) {
        return 0;
    }
    uint32_t fetch = 0;
    flash->current = line;
    if (!is_held) {
        fetch = flash->prefetched == line ? FETCH_PREFETCHED : FETCH_READS;
        cache_put(&flash->instructions, line);
        flash->puts++;
    }
    if (flash->prefetched != line + 1U) {
        const bool has_next = *place_of(&flash->instructions, line + 1U) != 0U;
        flash->prefetched = flash->prefetches && !has_next ? line + 1U : FLASH_NO_LINE;
        fetch |= flash->prefetched != FLASH_NO_LINE ? FETCH_PREFETCHES : 0U;
    }
    return fetch;
}

/* As flash_fetch(), without what is kept about the lines. */
static uint32_t fetch_anew(flash_t *flash, fetched_t *own, uint16_t *events) {
    bool has_all = true;
    for (uint32_t line = own->first; line <= own->last; line++) {
        has_all = has_all && *place_of(&flash->instructions, line) != 0U;
    }
    if (!has_all || flash->unordered_count == FLASH_MOST_UNORDERED) {
        order(flash);
    }
    uint32_t count = 0;
    for (uint32_t line = own->first; line <= own->last; line++) {
        const bool is_held =
            has_all || flash->current == line || cache_use(&flash->instructions, line);
        const uint32_t fetch = fetch_line(flash, line, is_held);
        if (fetch != 0U) {
            events[count++] = FETCH_EVENT(line - own->first, fetch);
        }
    }
    if (has_all) {
        use_later(flash, own);
    }
    return count;
}

/* As flash_fetch(), of lines that were not there, or not fetched like this the last time. */
__attribute__((noinline)) static uint32_t
fetch_and_keep(flash_t *flash, fetched_t *own, uint32_t first, uint32_t last, uint16_t *events) {
    const uint64_t puts = flash->puts;
    if (own->is_unordered && (own->first != first || own->last != last)) {
        order(flash);
    }
    own->first = first;
    own->last = last;
    own->was_current = flash->current == first;
    own->prefetched = flash->prefetched;
    own->events = fetch_anew(flash, own, events);
    own->prefetched_after = flash->prefetched;
    own->puts = flash->puts == puts && own->events <= FLASH_KEPT_EVENTS ? puts : 0;
    memcpy(own->event, events, sizeof own->event);
    return own->events;
}

uint32_t flash_fetch(flash_t *flash, fetched_t *own, uint32_t first, uint32_t last,
                     uint16_t *events) {
    const bool is_current = flash->current == first;
    if (is_current && first == last) {
        return 0;
    }
    if (own->puts != flash->puts || own->prefetched != flash->prefetched || own->first != first ||
        own->last != last || own->was_current != is_current ||
        (!own->is_unordered && flash->unordered_count == FLASH_MOST_UNORDERED)) {
        return fetch_and_keep(flash, own, first, last, events);
    }
    memcpy(events, own->event, sizeof own->event);
    flash->current = last;
    flash->prefetched = own->prefetched_after;
    use_later(flash, own);
    return own->events;
}

bool flash_load_line(flash_t *flash, uint32_t line) {
    flash->loaded = flash->data.lines != 0U ? line : FLASH_NO_LINE;
    if (cache_use(&flash->data, line)) {
        return false;
    }
    cache_put(&flash->data, line);
    return true;
}
