#include "pipeline.h"

/* A time after cycle `now`, which is the new cycle 0; an earlier one is as good as `now`. */
static int32_t still_ahead(int32_t time, int32_t now) { return pipeline_later(time, now) - now; }

/* A time relative to `now`; one that is forgotten has no influence any more. */
static int32_t unless(bool is_forgotten, int32_t time, int32_t now) {
    return is_forgotten ? PIPELINE_LONG_AGO : time - now;
}

/* Fetches are requested one after the other, and loads come later than the requests before them. */
static void settle_fetches(times_t *own, const facts_t *facts, int32_t now) {
    const int32_t latency = (int32_t)facts->fetch_cycles;
    const int32_t next_request = own->requested + 1;
    const int32_t next_read = own->requested + latency;
    for (unsigned i = 0; i < FACTS_MOST_FETCHED; i++) {
        const int32_t has_place = own->consumed[i] + (int32_t)facts->fetch_release_cycles;
        own->consumed[i] = unless(has_place <= next_request, own->consumed[i], now);
    }
    const bool is_on_time = own->arrived - latency + 1 <= next_request;
    own->arrived = unless(is_on_time && own->arrived <= own->issued, own->arrived, now);
    own->array_free_at = unless(own->array_free_at < next_read, own->array_free_at, now);
    own->prefetched_at = unless(own->prefetched_at < next_read, own->prefetched_at, now);
    own->requested -= now;
}

void pipeline_settle(pipeline_t *own, uint32_t next) {
    times_t *const times = &own->times;
    const int32_t now = times->free_at;
    settle_fetches(times, own->facts, now);
    times->issued -= now;
    times->bus_free_at = still_ahead(times->bus_free_at, now);
    times->fpu_free_at = still_ahead(times->fpu_free_at, now);
    for (unsigned i = 0; i < 16U; i++) {
        times->address_ready[i] = still_ahead(times->address_ready[i], now);
    }
    for (unsigned i = 0; i < 32U; i++) {
        times->float_ready[i] = still_ahead(times->float_ready[i], now);
    }
    times->free_at = 0;
    times->next_word -= next & ~3U;
    const bool is_busy = times->bus_free_at > 0;
    const bool may_overlap = times->last_kind == KIND_LOAD || times->last_kind == KIND_STORE;
    times->last_kind = is_busy && may_overlap ? times->last_kind : (uint8_t)KIND_ALU;
    times->last_memory = times->last_kind == KIND_LOAD ? times->last_memory : 0;
}

void pipeline_resume(pipeline_t *own, const times_t *times, uint32_t next) {
    own->times = *times;
    own->times.next_word += next & ~3U;
    own->counts = (counts_t){0};
    own->fetch_waited = 0;
}
