#include "pipeline.h"

#include <string.h>

#include "flash.h"

/* Fetching goes on at an address; the request is on the bus in cycle `at`. */
static void fetch_from(times_t *own, uint32_t address, int32_t at) {
    own->next_word = address & ~3U;
    own->requested = at - 1;
    own->arrived = PIPELINE_LONG_AGO;
    own->is_refilling = true;
    for (unsigned i = 0; i < FACTS_MOST_FETCHED; i++) {
        own->consumed[i] = PIPELINE_LONG_AGO;
    }
}

void pipeline_start(pipeline_t *own, const facts_t *facts, uint32_t address) {
    memset(own, 0, sizeof *own);
    own->facts = facts;
    own->times.last_kind = KIND_ALU;
    costs_start(facts, own->costs);
    fetch_from(&own->times, address, 0);
}

/* Reads a line of flash as soon as the array is free; gives the cycle in which it arrives. */
static int32_t read_array(pipeline_t *own, int32_t at) {
    times_t *const times = &own->times;
    const int32_t first = at > times->array_free_at ? at : times->array_free_at + 1;
    times->array_free_at = first + (int32_t)own->facts->wait_states;
    return times->array_free_at;
}

/* Cycles that a fetch waits which would arrive in cycle `at` from memory without wait states. */
static int32_t fetch_wait(pipeline_t *own, uint8_t fetch, int32_t at) {
    int32_t arrives = at;
    if ((fetch & FETCH_PREFETCHED) != 0U) {
        arrives = pipeline_later(own->times.prefetched_at, at);
    } else if ((fetch & FETCH_READS) != 0U) {
        arrives = read_array(own, at);
    }
    if ((fetch & FETCH_PREFETCHES) != 0U) {
        own->times.prefetched_at = read_array(own, arrives + 1);
    }
    return arrives - at;
}

static void fetch_word(pipeline_t *own) {
    const facts_t *const facts = own->facts;
    times_t *const times = &own->times;
    const int32_t latency = (int32_t)facts->fetch_cycles;
    const int32_t has_place =
        times->consumed[facts->fetch_buffer_words - 1U] + (int32_t)facts->fetch_release_cycles;
    const int32_t bus_free = times->arrived - latency + 1;
    times->requested = pipeline_later(pipeline_later(times->requested + 1, has_place), bus_free);
    uint8_t *const fetch = &own->fetches[(times->next_word - own->first_word) / 4U];
    const int32_t wait = fetch_wait(own, *fetch, times->requested + latency - 1);
    *fetch = 0;
    own->fetch_waited += wait;
    times->arrived = times->requested + latency + wait;
    times->next_word += 4U;
    memmove(&times->consumed[1], &times->consumed[0],
            (FACTS_MOST_FETCHED - 1U) * sizeof times->consumed[0]);
    times->consumed[0] = PIPELINE_LONG_AGO;
}

/* The cycle in which an instruction can be decoded. */
static int32_t decode(pipeline_t *own, const instruction_t *instruction) {
    times_t *const times = &own->times;
    const uint32_t end = instruction->address + instruction->bytes;
    const uint32_t last_word = (end - 1U) & ~3U;
    while ((int32_t)(times->next_word - last_word) <= 0) {
        fetch_word(own);
    }
    const int32_t at = pipeline_later(times->arrived, times->issued);
    if ((instruction->address & ~3U) != last_word) {
        times->consumed[1] = at;
    }
    if ((end & 3U) == 0U) {
        times->consumed[0] = at;
    }
    return at;
}

static bool is_load(uint8_t kind) {
    return kind == KIND_LOAD || kind == KIND_LOAD_MULTIPLE || kind == KIND_LOAD_DOUBLE;
}

static bool is_single(uint8_t kind) {
    return kind == KIND_LOAD || kind == KIND_STORE || kind == KIND_STORE_BY_REGISTER;
}

/* Whether an instruction may start before the bus has finished the one before it. */
static bool overlaps(const pipeline_t *own, uint8_t kind, uint8_t memory) {
    switch (own->times.last_kind) {
    case KIND_LOAD:
        return kind == KIND_NOP || (is_single(kind) && memory == own->times.last_memory);
    case KIND_STORE:
        return !is_load(kind);
    default:
        return kind == KIND_NOP;
    }
}

static int32_t stall_until(pipeline_t *own, int32_t now, int32_t at, stall_t cause) {
    if (at <= now) {
        return now;
    }
    own->counts.stalls[cause] += (uint32_t)(at - now);
    return at;
}

static int32_t operands_ready(pipeline_t *own, const instruction_t *instruction, int32_t now) {
    int32_t ready = now;
    for (uint32_t mask = instruction->address_registers; mask != 0U; mask &= mask - 1U) {
        ready = pipeline_later(ready, own->times.address_ready[__builtin_ctz(mask)]);
    }
    now = stall_until(own, now, ready, STALL_ADDRESS);
    for (uint32_t mask = instruction->float_sources; mask != 0U; mask &= mask - 1U) {
        ready = pipeline_later(ready, own->times.float_ready[__builtin_ctz(mask)]);
    }
    for (uint32_t mask = instruction->float_addends; mask != 0U; mask &= mask - 1U) {
        ready = pipeline_later(ready, own->times.float_ready[__builtin_ctz(mask)] - 1);
    }
    const bool uses_fpu =
        (instruction->float_sources | instruction->float_addends | instruction->float_results) != 0;
    return stall_until(own, now, uses_fpu ? pipeline_later(ready, own->times.fpu_free_at) : ready,
                       STALL_FLOAT);
}

/* The cycle in which an instruction is executed first. */
static int32_t issue(pipeline_t *own, const instruction_t *instruction, uint8_t kind,
                     uint8_t memory) {
    const int32_t decoded = decode(own, instruction);
    int32_t at = own->times.free_at;
    if (!overlaps(own, kind, memory)) {
        at = stall_until(own, at, own->times.bus_free_at, STALL_LOAD);
    }
    at = operands_ready(own, instruction, at);
    const int32_t late = decoded + 1 - at;
    if (late > 0) {
        const int32_t waited = late < own->fetch_waited ? late : own->fetch_waited;
        const stall_t cause = own->times.is_refilling ? STALL_BRANCH : STALL_FETCH;
        at = stall_until(own, at, at + waited, STALL_FLASH_INSTRUCTIONS);
        at = stall_until(own, at, decoded + 1, cause);
    }
    own->fetch_waited = 0;
    own->times.is_refilling = false;
    return at;
}

/* Cycles that accesses take longer, because they wait for flash or are not aligned. */
static int32_t access_waits(pipeline_t *own, const uint16_t *accesses, uint32_t count, int32_t at) {
    const facts_t *const facts = own->facts;
    int32_t waits = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((accesses[i] & (ACCESS_HALF | ACCESS_ODD)) != 0U) {
            const uint32_t extra = (accesses[i] & ACCESS_HALF) != 0U ? facts->unaligned_half_cycles
                                                                     : facts->unaligned_odd_cycles;
            own->counts.stalls[STALL_UNALIGNED] += extra;
            waits += (int32_t)extra;
        }
        if ((accesses[i] & ACCESS_WAITS) != 0U) {
            const int32_t data_at = at + 1 + (int32_t)i + waits;
            const int32_t wait = read_array(own, data_at) - data_at;
            own->counts.stalls[STALL_FLASH_DATA] += (uint32_t)wait;
            waits += wait;
        }
    }
    return waits;
}

static void set_results(pipeline_t *own, const instruction_t *instruction, uint8_t kind, int32_t at,
                        int32_t end) {
    const facts_t *const facts = own->facts;
    const bool loads = is_load(kind);
    int32_t ready = end + (int32_t)facts->result_to_address_cycles;
    if (loads) {
        const int32_t each = kind == KIND_LOAD ? 0 : (int32_t)facts->multiple_each_cycles;
        const int32_t bus = kind == KIND_LOAD ? own->times.bus_free_at : end;
        ready = bus + (int32_t)facts->load_to_address_cycles - each * (instruction->count - 1);
        for (uint32_t mask = instruction->results; mask != 0U; mask &= mask - 1U) {
            own->times.address_ready[__builtin_ctz(mask)] = ready;
            ready += each;
        }
    } else {
        for (uint32_t mask = instruction->results; mask != 0U; mask &= mask - 1U) {
            own->times.address_ready[__builtin_ctz(mask)] = ready;
        }
    }
    if (instruction->updated_base != 0U) {
        own->times.address_ready[__builtin_ctz(instruction->updated_base)] =
            at + 1 + (int32_t)facts->result_to_address_cycles;
    }
    const bool computes = kind == KIND_FLOAT || kind == KIND_FLOAT_ACCUMULATE;
    for (uint32_t mask = instruction->float_results; mask != 0U; mask &= mask - 1U) {
        own->times.float_ready[__builtin_ctz(mask)] =
            computes ? end + (int32_t)facts->float_result_cycles : end;
    }
}

static void jump(pipeline_t *own, const instruction_t *instruction, uint8_t kind, uint32_t next) {
    const facts_t *const facts = own->facts;
    const bool follows = next == instruction->address + instruction->bytes;
    if (follows && kind != KIND_FLUSH) {
        return;
    }
    const bool is_exception =
        kind == KIND_BRANCH ? !follows && next != instruction->target : kind == KIND_SYSTEM;
    if (is_exception || (!follows && !instruction->writes_pc)) {
        own->times.free_at += (int32_t)facts->exception_cycles;
    }
    const uint32_t refill =
        kind == KIND_BRANCH ? facts->branch_refill_cycles : facts->branch_by_register_refill_cycles;
    own->times.free_at =
        pipeline_later(own->times.free_at, instruction->accesses ? own->times.bus_free_at : 0);
    own->times.bus_free_at = own->times.free_at;
    fetch_from(&own->times, next,
               own->times.free_at + (int32_t)refill - (int32_t)facts->fetch_cycles - 1);
}

void pipeline_execute(pipeline_t *own, const instruction_t *instruction, const uint16_t *accesses,
                      uint32_t count, uint32_t next) {
    times_t *const times = &own->times;
    const bool is_skipped = instruction->accesses && count == 0U;
    const uint8_t kind = is_skipped ? (uint8_t)KIND_ALU : instruction->kind;
    const uint8_t memory = count == 0U ? 0 : (uint8_t)(accesses[0] & ACCESS_MEMORY);
    const int32_t at = issue(own, instruction, kind, memory);
    const bool is_folded = kind == KIND_IT && times->last_bytes == 2U;
    const cost_t cost = own->costs[kind];
    const int32_t cycles = is_folded ? (int32_t)own->facts->it_folded_cycles
                                     : cost.cycles + cost.each_cycles * instruction->count;
    times->free_at = at + cycles + access_waits(own, accesses, count, at);
    times->bus_free_at = times->free_at + cost.bus_cycles;
    if (cycles != 0) {
        times->issued = at;
    }
    if (kind == KIND_FLOAT_DIVIDE) {
        times->fpu_free_at = at + (int32_t)own->facts->float_divide_cycles;
    }
    if (!is_skipped) {
        set_results(own, instruction, kind, at, times->free_at);
    }
    own->counts.instructions++;
    own->counts.divides += kind == KIND_DIVIDE;
    times->last_kind = kind;
    times->last_bytes = instruction->bytes;
    times->last_memory = memory;
    jump(own, instruction, kind, next);
}

counts_t pipeline_counts(const pipeline_t *own) {
    counts_t counts = own->counts;
    counts.cycles = (uint64_t)own->times.free_at;
    return counts;
}
