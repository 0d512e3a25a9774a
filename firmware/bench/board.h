/** What the bench application needs of a board. Each board implements it. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *clock_source; /* what drives the core, such as "hse-pll" or "hsi" */
    uint32_t core_hz;         /* core clock in Hz, as set up */
    const char *tick_source;  /* "dwt" or "systick" */
    uint32_t stack_bytes;     /* reserved */
    const char *uid;          /* of the chip, hexadecimal; empty if it has none */
    uint32_t wait_states;     /* of the flash */
    const char *flash_caches; /* what hides them, such as "prefetch instruction data" */
    const char *reset_cause;  /* such as "power", "pin", "watchdog"; "unknown" */
} board_info_t;

/** Clocks, serial port and counter. Call once, first. */
void board_init(void);

/** Facts that board_init has found. */
board_info_t board_info(void);

/** Next byte from the host; waits. Negative when the host is gone, which no real board knows. */
int board_read_byte(void);

/** Send one byte; waits for room. */
void board_write_byte(uint8_t byte);

/** Start counting ticks from zero. A tick is a core clock cycle. */
void board_ticks_start(void);

/** Ticks since board_ticks_start, at most 2^32 - 1. */
uint32_t board_ticks(void);

/** Whether its microseconds are time; not so where it is emulated. */
bool board_keeps_time(void);

/** Microseconds since board_init, wraps after 71 minutes. */
uint32_t board_microseconds(void);

/** Most bytes of stack that were ever in use, by the paint that is gone. */
uint32_t board_stack_peak_bytes(void);

/** Stop in a fault, to try what a bench makes of it; returns where there are no faults. */
void board_fault(void);

#endif
