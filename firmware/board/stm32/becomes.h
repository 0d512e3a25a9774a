/** A wait that always ends. For the clocks of an STM32. */
#ifndef BECOMES_H
#define BECOMES_H

#include <stdbool.h>
#include <stdint.h>

/* HSE needs 2 ms, a PLL 0.3 ms; a round takes at least 4 cycles of 16 MHz, so this is 25 ms. */
#define POLL_ROUNDS 100000U

/** Whether the masked bits of a register become the expected ones. */
static inline bool becomes(volatile const uint32_t *address, uint32_t mask, uint32_t expected) {
    for (uint32_t round = 0; round < POLL_ROUNDS; round++) {
        if ((*address & mask) == expected) {
            return true;
        }
    }
    return false;
}

#endif
