#ifndef CYCLES_EVENT_H
#define CYCLES_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "facts.h"

/** What matters of a memory access for the timing: the index of its memory, and these flags. */
#define ACCESS_MEMORY 0xFU
#define ACCESS_HALF 0x10U  /* of a halfword, or at a halfword: not aligned */
#define ACCESS_ODD 0x20U   /* at an odd address: not aligned */
#define ACCESS_WAITS 0x40U /* a load from flash that the cache does not hold */
#define ACCESS_BITS 7U

/** A memory access. */
typedef struct {
    uint32_t address;
    uint32_t bytes;
    bool is_store;
} access_t;

/** Addresses from `origin` on. */
typedef struct {
    uint32_t origin;
    uint32_t bytes;
} range_t;

/** Whether one of several ranges has an address. */
bool event_in(const range_t *ranges, uint32_t count, uint32_t address);

/** The event of an access, but ACCESS_WAITS.
 *
 * @param index of its instruction, which is in the bits from ACCESS_BITS on */
uint16_t event_of(const facts_t *facts, const access_t *access, uint32_t index);

/** The addresses around one where the same aligned access is the same event: of the same memory,
 * all of them in flash or not, and all in a mark or not. */
range_t event_range(const facts_t *facts, const range_t *marks, uint32_t count, uint32_t address);

#endif
