#include "clock.h"

/* HCLK_FRQ in QEMU's hw/arm/nrf51_soc.c; the chip has no other core clock. */
#define CORE_HZ 16000000U

clock_tree_t clock_start(void) {
    const clock_tree_t tree = {.source = "fixed", .core_hz = CORE_HZ, .usart_hz = CORE_HZ};
    return tree;
}

uint32_t clock_wait_states(void) { return 0; }

const char *clock_flash_caches(void) { return ""; }

/* This support is for QEMU: a real nRF51 has no SysTick. */
bool clock_keeps_time(void) { return false; }
