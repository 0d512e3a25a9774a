/** The board functions that the bench application calls. Each board implements them. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *clock_source; /* source of the core clock, such as "hse-pll" or "hsi" */
    uint32_t core_hz;         /* core clock in Hz, as set up */
    const char *tick_source;  /* "dwt" or "systick" */
    uint32_t stack_bytes;     /* reserved */
    const char *uid;          /* of the chip, hexadecimal; empty if it has none */
    uint32_t wait_states;     /* of the flash */
    const char *flash_caches; /* enabled caches, such as "prefetch instruction data" */
    const char *reset_cause;  /* such as "power", "pin", "watchdog"; "unknown" */
} board_info_t;

/** Sets up clocks, serial port and counter. Call it once, before the other functions. */
void board_init(void);

/** Facts about the board, found by board_init. */
board_info_t board_info(void);

/** Waits for the next byte from the host. Negative if the host is gone (not on a real board). */
int board_read_byte(void);

/** Sends one byte; waits until there is space. */
void board_write_byte(uint8_t byte);

/** Starts counting ticks from zero. A tick is a core clock cycle. */
void board_ticks_start(void);

/** Ticks since board_ticks_start, at most 2^32 - 1. */
uint32_t board_ticks(void);

/** Whether its microseconds are real time; false on an emulated board. */
bool board_keeps_time(void);

/** Microseconds since board_init, wraps after 71 minutes. */
uint32_t board_microseconds(void);

/** Peak of the stack in bytes, found by the overwritten fill pattern. */
uint32_t board_stack_peak_bytes(void);

/** Stops in a fault, to test the bench. Returns if the board has no faults. */
void board_fault(void);

#endif
