/** Clock tree. Each chip implements it. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *source; /* of the core clock, such as "hse-pll" */
    uint32_t core_hz;
    uint32_t usart_hz; /* clock of the serial port */
} clock_tree_t;

/**
 * Bring the core to its full speed and tell what was reached.
 *
 * Never hangs: every wait is bounded.
 */
clock_tree_t clock_start(void);

/** Current wait states of the flash. */
uint32_t clock_wait_states(void);

/** Enabled caches: the words "prefetch", "instruction", "data". */
const char *clock_flash_caches(void);

/** Whether a tick of SysTick takes real time; false if QEMU emulates the chip. Only chips whose
 * core has no cycle counter implement it: Armv6-M. On the others the counter tells, which QEMU
 * lacks. */
bool clock_keeps_time(void);

#endif
