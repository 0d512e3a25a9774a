#include "clock.h"

#include <stdbool.h>

#include "stm32f412.h"

#define HSE_HZ 8000000U
#define HSI_HZ 16000000U
#define CORE_HZ 100000000U

/* 2.7 V to 3.6 V at 100 MHz: RM0402 table 6, "Number of wait states". */
#define WAIT_STATES 3U

/* PLL: 2 MHz in, which RM0402 6.3.2 recommends against jitter; 200 MHz inside; half of it out. */
#define PLL_INPUT_HZ 2000000U
#define PLL_N (2U * CORE_HZ / PLL_INPUT_HZ)
#define PLL_P_DIV2 0U
#define PLL_Q 5U /* unused; 40 MHz, below the limit of 48 MHz */
#define PLL_R 2U /* unused */
_Static_assert(PLL_N >= 50 && PLL_N <= 432, "RM0402 6.3.2, PLLN");

/* HSE needs 2 ms, a PLL 0.3 ms; a round takes at least 4 cycles of 16 MHz, so this is 25 ms. */
#define POLL_ROUNDS 100000U

static bool becomes(volatile const uint32_t *address, uint32_t mask, uint32_t expected) {
    for (uint32_t round = 0; round < POLL_ROUNDS; round++) {
        if ((*address & mask) == expected) {
            return true;
        }
    }
    return false;
}

static bool prepare_for_full_speed(void) {
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    PWR_CR |= PWR_CR_VOS_SCALE1;
    FLASH_ACR = FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN | WAIT_STATES;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES);
}

static bool run_from_pll(uint32_t source_hz, uint32_t source_bits) {
    RCC_PLLCFGR = (source_hz / PLL_INPUT_HZ) << RCC_PLLCFGR_M_POS | PLL_N << RCC_PLLCFGR_N_POS |
                  PLL_P_DIV2 << RCC_PLLCFGR_P_POS | PLL_Q << RCC_PLLCFGR_Q_POS |
                  PLL_R << RCC_PLLCFGR_R_POS | source_bits;
    RCC_CR |= RCC_CR_PLLON;
    if (becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
        RCC_CFGR = RCC_CFGR_PPRE1_DIV2 | RCC_CFGR_SW_PLL; /* APB1 may run at 50 MHz at most */
        if (becomes(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL)) {
            return true;
        }
        RCC_CFGR = 0;
    }
    RCC_CR &= ~RCC_CR_PLLON;
    (void)becomes(&RCC_CR, RCC_CR_PLLRDY, 0);
    return false;
}

/* First from the 8 MHz that the ST-LINK of a Nucleo feeds to HSE, then from the internal 16 MHz
 * oscillator, which is accurate to 1 %. Where the PLL does not start, the core stays at 16 MHz. */
clock_tree_t clock_start(void) {
    clock_tree_t tree = {.source = "hsi", .core_hz = HSI_HZ, .usart_hz = HSI_HZ};
    if (!prepare_for_full_speed()) {
        return tree;
    }
    RCC_CR |= RCC_CR_HSEBYP;
    RCC_CR |= RCC_CR_HSEON;
    if (becomes(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY) &&
        run_from_pll(HSE_HZ, RCC_PLLCFGR_SRC_HSE)) {
        tree.source = "hse-pll";
    } else if (run_from_pll(HSI_HZ, 0)) {
        tree.source = "hsi-pll";
    } else {
        return tree;
    }
    tree.core_hz = CORE_HZ;
    tree.usart_hz = CORE_HZ / 2;
    return tree;
}

uint32_t clock_wait_states(void) { return FLASH_ACR & FLASH_ACR_LATENCY_MASK; }

const char *clock_flash_caches(void) {
    static const char *const names[8] = {
        "",     "prefetch",      "instruction",      "prefetch instruction",
        "data", "prefetch data", "instruction data", "prefetch instruction data"};
    return names[(FLASH_ACR & (FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN)) /
                 FLASH_ACR_PRFTEN];
}
