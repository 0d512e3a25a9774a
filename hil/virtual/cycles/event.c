#include "event.h"

static uint32_t memory_of(const facts_t *facts, uint32_t address) {
    uint32_t memory = 0;
    for (uint32_t i = 0; i < facts->memories; i++) {
        if (address >= facts->memory_origin[i]) {
            memory = i + 1U;
        }
    }
    return memory;
}

bool event_in(const range_t *ranges, uint32_t count, uint32_t address) {
    for (uint32_t i = 0; i < count; i++) {
        if (address - ranges[i].origin < ranges[i].bytes) {
            return true;
        }
    }
    return false;
}

uint16_t event_of(const facts_t *facts, const access_t *access, uint32_t index) {
    uint32_t event = index << ACCESS_BITS | memory_of(facts, access->address);
    const uint32_t inside = access->address & (access->bytes - 1U);
    if (inside != 0U && access->bytes <= 4U) {
        event |= access->bytes == 2U || inside == 2U ? ACCESS_HALF : ACCESS_ODD;
    }
    return (uint16_t)event;
}

/* Narrows the addresses around one of them to those on its side of a boundary. */
static void narrow(uint32_t *first, uint64_t *end, uint32_t around, uint64_t boundary) {
    if (boundary > around) {
        *end = boundary < *end ? boundary : *end;
    } else if (boundary > *first) {
        *first = (uint32_t)boundary;
    }
}

range_t event_range(const facts_t *facts, const range_t *marks, uint32_t count, uint32_t address) {
    uint32_t first = 0;
    uint64_t end = UINT32_MAX;
    for (uint32_t i = 0; i < facts->memories; i++) {
        narrow(&first, &end, address, facts->memory_origin[i]);
    }
    narrow(&first, &end, address, facts->flash_origin);
    narrow(&first, &end, address, (uint64_t)facts->flash_origin + facts->flash_bytes);
    for (uint32_t i = 0; i < count; i++) {
        narrow(&first, &end, address, marks[i].origin);
        narrow(&first, &end, address, (uint64_t)marks[i].origin + marks[i].bytes);
    }
    return (range_t){first, (uint32_t)(end - first)};
}
