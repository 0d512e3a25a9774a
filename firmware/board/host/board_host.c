/* A host program as a board: stdin and stdout are the serial port. For tests. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <time.h>

#include "board.h"

static uint64_t start_ns, ticks_start_ns;

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void board_init(void) { start_ns = now_ns(); }

board_info_t board_info(void) {
    const board_info_t info = {.clock_source = "host",
                               .core_hz = 1000000000,
                               .tick_source = "host",
                               .uid = "",
                               .flash_caches = "",
                               .reset_cause = "unknown"};
    return info;
}

int board_read_byte(void) {
    (void)fflush(stdout);
    return getchar();
}

void board_write_byte(uint8_t byte) { (void)putchar(byte); }

void board_ticks_start(void) { ticks_start_ns = now_ns(); }

uint32_t board_ticks(void) {
    const uint64_t elapsed = now_ns() - ticks_start_ns;
    return elapsed > UINT32_MAX ? UINT32_MAX : (uint32_t)elapsed;
}

bool board_keeps_time(void) { return true; }

uint32_t board_microseconds(void) { return (uint32_t)((now_ns() - start_ns) / 1000U); }

uint32_t board_stack_peak_bytes(void) { return 0; }

void board_fault(void) {}
