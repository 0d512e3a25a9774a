#include "clock.h"

#include "mps2.h"

/* The clock of core and peripherals is fixed. */
clock_tree_t clock_start(void) {
    const clock_tree_t tree = {.source = "fixed", .core_hz = CORE_HZ, .usart_hz = CORE_HZ};
    return tree;
}

/* The code is in RAM of the FPGA board, which has neither. */
uint32_t clock_wait_states(void) { return 0; }

const char *clock_flash_caches(void) { return ""; }

/* Weak, for the firmware of a chip that brings its own; others ask if the core has no counter. */
__attribute__((weak)) bool clock_keeps_time(void) { return false; }
