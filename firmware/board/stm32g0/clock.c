#include "clock.h"

#include "becomes.h"
#include "family.h"
#include "target.h"

#define HSI_HZ 16000000U
#define CORE_HZ TARGET_CORE_HZ
#define WAIT_STATES TARGET_WAIT_STATES

/* PLL: 8 MHz in, twice the core's clock inside, half of it out. */
#define PLL_INPUT_HZ 8000000U
#define PLL_N (2U * CORE_HZ / PLL_INPUT_HZ)
#define PLL_R 2U
_Static_assert(PLL_N >= 8 && PLL_N <= 86, "RM0444, RCC_PLLCFGR, PLLN");

/* Voltage range 1 is that after a reset. The other bits of FLASH_ACR, such as that of the debug
 * access, keep their values. */
static bool prepare_for_full_speed(void) {
    FLASH_ACR =
        (FLASH_ACR & ~FLASH_ACR_LATENCY_MASK) | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | WAIT_STATES;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES);
}

static bool run_from_pll(void) {
    RCC_PLLCFGR = RCC_PLLCFGR_SRC_HSI | (HSI_HZ / PLL_INPUT_HZ - 1U) << RCC_PLLCFGR_M_POS |
                  PLL_N << RCC_PLLCFGR_N_POS | RCC_PLLCFGR_REN | (PLL_R - 1U) << RCC_PLLCFGR_R_POS;
    RCC_CR |= RCC_CR_PLLON;
    if (!becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
        return false;
    }
    RCC_CFGR = RCC_CFGR_SW_PLL;
    return becomes(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL);
}

/* From the internal 16 MHz oscillator, which the core has after a reset, and which is accurate to
 * 1 %. Where the PLL does not start, it stays at 16 MHz. */
clock_tree_t clock_start(void) {
    if (prepare_for_full_speed() && run_from_pll()) {
        return (clock_tree_t){.source = "hsi-pll", .core_hz = CORE_HZ, .usart_hz = CORE_HZ};
    }
    RCC_CFGR = 0;
    return (clock_tree_t){.source = "hsi", .core_hz = HSI_HZ, .usart_hz = HSI_HZ};
}

bool clock_keeps_time(void) { return true; }
