/** Clock tree of the STM32F412. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

typedef struct {
    const char *source; /* "hse-pll", "hsi-pll" or "hsi" */
    uint32_t core_hz;
    uint32_t apb1_hz; /* clock of USART3 */
} clock_tree_t;

/**
 * Bring the core to 100 MHz and tell what was reached.
 *
 * First from the 8 MHz that the ST-LINK of a Nucleo feeds to HSE, then from the internal 16 MHz
 * oscillator, which is accurate to 1 %. Where the PLL does not start, the core stays at 16 MHz.
 * Never hangs: every wait is bounded.
 */
clock_tree_t clock_start(void);

/** Current wait states of the flash. */
uint32_t clock_wait_states(void);

/** Enabled caches: the words "prefetch", "instruction", "data". */
const char *clock_flash_caches(void);

#endif
