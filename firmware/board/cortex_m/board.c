#include "board.h"

#include <stddef.h>

#include "clock.h"
#include "identity.h"
#include "stack_paint.h"
#include "ticks.h"
#include "usart.h"

extern uint32_t __stack_start[], __stack_end[];

static clock_tree_t tree;

static uint32_t bytes_between(const uint32_t *first, const uint32_t *end) {
    return (uint32_t)((uintptr_t)end - (uintptr_t)first);
}

void board_init(void) {
    identity_read();
    tree = clock_start();
    usart_start(tree.usart_hz);
    ticks_start();
}

board_info_t board_info(void) {
    const board_info_t info = {
        .clock_source = tree.source,
        .core_hz = tree.core_hz,
        .tick_source = ticks_source(),
        .stack_bytes = bytes_between(__stack_start, __stack_end),
        .uid = identity_uid(),
        .wait_states = clock_wait_states(),
        .flash_caches = clock_flash_caches(),
        .reset_cause = identity_reset_cause(),
    };
    return info;
}

int board_read_byte(void) { return usart_read(); }

void board_write_byte(uint8_t byte) { usart_write(byte); }

void board_ticks_start(void) { ticks_mark(); }

uint32_t board_ticks(void) { return ticks_since_mark(); }

bool board_keeps_time(void) { return ticks_keep_time(); }

uint32_t board_microseconds(void) { return (uint32_t)(ticks_now() / (tree.core_hz / 1000000U)); }

uint32_t board_stack_peak_bytes(void) {
    const uint32_t *word = __stack_start;
    while (word < __stack_end && *word == STACK_PAINT) {
        word++;
    }
    return bytes_between(word, __stack_end);
}

void board_fault(void) { __asm volatile("udf #0"); }
