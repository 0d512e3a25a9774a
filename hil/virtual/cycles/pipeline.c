#include "pipeline.h"

#include <string.h>

#define LONG_AGO (INT64_MIN / 2)

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t *slot(int64_t *times, uint32_t word) {
    return &times[(word >> 2) % FACTS_MOST_FETCHED];
}

/* Fetching goes on at an address; the request is on the bus in cycle `at`. */
static void fetch_from(pipeline_t *own, uint32_t address, int64_t at) {
    own->next_word = address & ~3U;
    own->requested = at - 1;
    own->fetch_waited = 0;
    own->is_refilling = true;
    for (unsigned i = 0; i < FACTS_MOST_FETCHED; i++) {
        own->arrived[i] = LONG_AGO;
        own->consumed[i] = LONG_AGO;
    }
}

void pipeline_start(pipeline_t *own, const facts_t *facts, uint32_t address) {
    memset(own, 0, sizeof *own);
    own->facts = facts;
    own->last_kind = KIND_ALU;
    costs_start(facts, own->costs);
    flash_start(&own->flash, facts);
    fetch_from(own, address, 0);
}

static void fetch_word(pipeline_t *own) {
    const facts_t *const facts = own->facts;
    const uint32_t word = own->next_word;
    const int64_t latency = (int64_t)facts->fetch_cycles;
    const uint32_t place_of = word - 4U * facts->fetch_buffer_words;
    const int64_t has_place = *slot(own->consumed, place_of) + (int64_t)facts->fetch_release_cycles;
    const int64_t bus_free = *slot(own->arrived, word - 4U) - latency + 1;
    own->requested = later(later(own->requested + 1, has_place), bus_free);
    int64_t wait = 0;
    if (flash_holds(&own->flash, word)) {
        wait = flash_fetch_wait(&own->flash, word, own->requested + latency - 1);
    }
    own->fetch_waited += wait;
    *slot(own->arrived, word) = own->requested + latency + wait;
    own->next_word = word + 4U;
}

/* The cycle in which an instruction can be decoded. */
static int64_t decode(pipeline_t *own, const instruction_t *instruction) {
    const uint32_t end = instruction->address + instruction->bytes;
    const uint32_t last_word = (end - 1U) & ~3U;
    while ((int32_t)(own->next_word - last_word) <= 0) {
        fetch_word(own);
    }
    const int64_t at = later(*slot(own->arrived, last_word), own->issued);
    if ((instruction->address & ~3U) != last_word) {
        *slot(own->consumed, instruction->address) = at;
    }
    if ((end & 3U) == 0U) {
        *slot(own->consumed, last_word) = at;
    }
    return at;
}

static bool is_load(uint8_t kind) {
    return kind == KIND_LOAD || kind == KIND_LOAD_MULTIPLE || kind == KIND_LOAD_DOUBLE;
}

static bool is_single(uint8_t kind) {
    return kind == KIND_LOAD || kind == KIND_STORE || kind == KIND_STORE_BY_REGISTER;
}

static uint8_t memory_of(const pipeline_t *own, uint32_t address) {
    uint8_t memory = 0;
    for (uint32_t i = 0; i < own->facts->memories; i++) {
        if (address >= own->facts->memory_origin[i]) {
            memory = (uint8_t)(i + 1U);
        }
    }
    return memory;
}

/* Whether an instruction may start before the bus has finished the one before it. */
static bool overlaps(const pipeline_t *own, uint8_t kind, uint8_t memory) {
    switch (own->last_kind) {
    case KIND_LOAD:
        return kind == KIND_NOP || (is_single(kind) && memory == own->last_memory);
    case KIND_STORE:
        return !is_load(kind);
    default:
        return kind == KIND_NOP;
    }
}

static int64_t stall_until(pipeline_t *own, int64_t now, int64_t at, stall_t cause) {
    if (at <= now) {
        return now;
    }
    own->counts.stalls[cause] += (uint64_t)(at - now);
    return at;
}

static int64_t operands_ready(pipeline_t *own, const instruction_t *instruction, int64_t now) {
    int64_t ready = now;
    for (uint32_t mask = instruction->address_registers; mask != 0U; mask &= mask - 1U) {
        ready = later(ready, own->address_ready[__builtin_ctz(mask)]);
    }
    now = stall_until(own, now, ready, STALL_ADDRESS);
    for (uint32_t mask = instruction->float_sources; mask != 0U; mask &= mask - 1U) {
        ready = later(ready, own->float_ready[__builtin_ctz(mask)]);
    }
    for (uint32_t mask = instruction->float_addends; mask != 0U; mask &= mask - 1U) {
        ready = later(ready, own->float_ready[__builtin_ctz(mask)] - 1);
    }
    const bool uses_fpu =
        (instruction->float_sources | instruction->float_addends | instruction->float_results) != 0;
    return stall_until(own, now, uses_fpu ? later(ready, own->fpu_free_at) : ready, STALL_FLOAT);
}

/* The cycle in which an instruction is executed first. */
static int64_t issue(pipeline_t *own, const instruction_t *instruction, uint8_t kind,
                     uint8_t memory) {
    const int64_t decoded = decode(own, instruction);
    int64_t at = own->free_at;
    if (!overlaps(own, kind, memory)) {
        at = stall_until(own, at, own->bus_free_at, STALL_LOAD);
    }
    at = operands_ready(own, instruction, at);
    const int64_t late = decoded + 1 - at;
    if (late > 0) {
        const int64_t waited = late < own->fetch_waited ? late : own->fetch_waited;
        const stall_t cause = own->is_refilling ? STALL_BRANCH : STALL_FETCH;
        at = stall_until(own, at, at + waited, STALL_FLASH_INSTRUCTIONS);
        at = stall_until(own, at, decoded + 1, cause);
    }
    own->fetch_waited = 0;
    own->is_refilling = false;
    return at;
}

/* Cycles that accesses take longer, because they wait for flash or are not aligned. */
static int64_t access_waits(pipeline_t *own, const access_t *accesses, uint32_t count, int64_t at) {
    const facts_t *const facts = own->facts;
    int64_t waits = 0;
    for (uint32_t i = 0; i < count; i++) {
        const access_t access = accesses[i];
        const uint32_t inside = access.address & (access.bytes - 1U);
        if (inside != 0U && access.bytes <= 4U) {
            const bool is_half = access.bytes == 2U || inside == 2U;
            const uint32_t extra =
                is_half ? facts->unaligned_half_cycles : facts->unaligned_odd_cycles;
            own->counts.stalls[STALL_UNALIGNED] += extra;
            waits += extra;
        }
        if (!access.is_store && flash_holds(&own->flash, access.address)) {
            const int64_t data_at = at + 1 + (int64_t)i + waits;
            const int64_t wait = flash_load_wait(&own->flash, access.address, data_at);
            own->counts.stalls[STALL_FLASH_DATA] += (uint64_t)wait;
            waits += wait;
        }
    }
    return waits;
}

static void set_results(pipeline_t *own, const instruction_t *instruction, uint8_t kind, int64_t at,
                        int64_t end) {
    const facts_t *const facts = own->facts;
    const bool loads = is_load(kind);
    int64_t ready = end + (int64_t)facts->result_to_address_cycles;
    if (loads) {
        const int64_t each = kind == KIND_LOAD ? 0 : (int64_t)facts->multiple_each_cycles;
        const int64_t bus = kind == KIND_LOAD ? own->bus_free_at : end;
        ready = bus + (int64_t)facts->load_to_address_cycles - each * (instruction->count - 1);
        for (uint32_t mask = instruction->results; mask != 0U; mask &= mask - 1U) {
            own->address_ready[__builtin_ctz(mask)] = ready;
            ready += each;
        }
    } else {
        for (uint32_t mask = instruction->results; mask != 0U; mask &= mask - 1U) {
            own->address_ready[__builtin_ctz(mask)] = ready;
        }
    }
    if (instruction->updated_base != 0U) {
        own->address_ready[__builtin_ctz(instruction->updated_base)] =
            at + 1 + (int64_t)facts->result_to_address_cycles;
    }
    const bool computes = kind == KIND_FLOAT || kind == KIND_FLOAT_ACCUMULATE;
    for (uint32_t mask = instruction->float_results; mask != 0U; mask &= mask - 1U) {
        own->float_ready[__builtin_ctz(mask)] =
            computes ? end + (int64_t)facts->float_result_cycles : end;
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
        own->free_at += (int64_t)facts->exception_cycles;
    }
    const uint32_t refill =
        kind == KIND_BRANCH ? facts->branch_refill_cycles : facts->branch_by_register_refill_cycles;
    own->free_at = later(own->free_at, instruction->accesses ? own->bus_free_at : 0);
    own->bus_free_at = own->free_at;
    fetch_from(own, next, own->free_at + (int64_t)refill - (int64_t)facts->fetch_cycles - 1);
}

void pipeline_execute(pipeline_t *own, const instruction_t *instruction, const access_t *accesses,
                      uint32_t count, uint32_t next) {
    const bool is_skipped = instruction->accesses && count == 0U;
    const uint8_t kind = is_skipped ? (uint8_t)KIND_ALU : instruction->kind;
    const uint8_t memory = count == 0U ? 0 : memory_of(own, accesses[0].address);
    const int64_t at = issue(own, instruction, kind, memory);
    const bool is_folded = kind == KIND_IT && own->last_bytes == 2U;
    const cost_t cost = own->costs[kind];
    const int64_t cycles = is_folded ? (int64_t)own->facts->it_folded_cycles
                                     : cost.cycles + cost.each_cycles * instruction->count;
    own->free_at = at + cycles + access_waits(own, accesses, count, at);
    own->bus_free_at = own->free_at + cost.bus_cycles;
    if (cycles != 0) {
        own->issued = at;
    }
    if (kind == KIND_FLOAT_DIVIDE) {
        own->fpu_free_at = at + (int64_t)own->facts->float_divide_cycles;
    }
    if (!is_skipped) {
        set_results(own, instruction, kind, at, own->free_at);
    }
    own->counts.instructions++;
    own->counts.divides += kind == KIND_DIVIDE;
    own->last_kind = kind;
    own->last_bytes = instruction->bytes;
    own->last_memory = memory;
    jump(own, instruction, kind, next);
}

counts_t pipeline_counts(const pipeline_t *own) {
    counts_t counts = own->counts;
    counts.cycles = (uint64_t)own->free_at;
    return counts;
}
