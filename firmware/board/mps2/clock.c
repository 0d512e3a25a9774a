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

/* Only QEMU has this board with a core that lacks a cycle counter. */
bool clock_keeps_time(void) { return false; }
