#ifndef CYCLES_BITS_H
#define CYCLES_BITS_H

#include <stdint.h>

#define PC 15U

/** The mask of a core register. */
static inline uint16_t bit(uint32_t number) { return (uint16_t)(1U << number); }

/** `count` bits of a code, from bit `low` on. */
static inline uint32_t bits(uint32_t code, unsigned low, unsigned count) {
    return (code >> low) & ((1U << count) - 1U);
}

/** Number of bits that are 1. */
static inline uint8_t ones(uint32_t mask) { return (uint8_t)__builtin_popcount(mask); }

#endif
