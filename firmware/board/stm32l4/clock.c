#include "clock.h"

#include "becomes.h"
#include "family.h"
#include "target.h"

#define MSI_HZ 4000000U /* after a reset: RM0394, RCC_CR, MSIRANGE */
#define HSI_HZ 16000000U
#define CORE_HZ TARGET_CORE_HZ
#define WAIT_STATES TARGET_WAIT_STATES

/* PLL: 8 MHz in, twice the core's clock inside, half of it out. */
#define PLL_INPUT_HZ 8000000U
#define PLL_N (2U * CORE_HZ / PLL_INPUT_HZ)
#define PLL_R_DIV2 0U
_Static_assert(PLL_N >= 8 && PLL_N <= 86, "RM0394, RCC_PLLCFGR, PLLN");

/* Above it, an STM32L4+ needs the boost mode of its voltage range 1: RM0432, PWR_CR5. */
#define NEEDS_BOOST (CORE_HZ > 80000000U)
#define BOOST_ROUNDS 200U /* more than 1 us at 60 MHz */

static bool run_from(uint32_t source, uint32_t other_bits) {
    RCC_CFGR = other_bits | source;
    return becomes(&RCC_CFGR, RCC_CFGR_SW_MASK << RCC_CFGR_SWS_POS, source << RCC_CFGR_SWS_POS);
}

static bool start_hsi(void) {
    RCC_CR |= RCC_CR_HSION;
    return becomes(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY) && run_from(RCC_CFGR_SW_HSI, 0);
}

/* Voltage range 1 is that after a reset. */
static bool prepare_for_full_speed(void) {
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    (void)RCC_APB1ENR1; /* the clock needs two cycles */
    if (NEEDS_BOOST) {
        PWR_CR5 &= ~PWR_CR5_R1MODE;
    }
    FLASH_ACR = FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN | WAIT_STATES;
    return becomes(&PWR_SR2, PWR_SR2_VOSF, 0) &&
           becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES);
}

static bool run_from_pll(void) {
    RCC_PLLCFGR = RCC_PLLCFGR_SRC_HSI | (HSI_HZ / PLL_INPUT_HZ - 1U) << RCC_PLLCFGR_M_POS |
                  PLL_N << RCC_PLLCFGR_N_POS | RCC_PLLCFGR_REN | PLL_R_DIV2 << RCC_PLLCFGR_R_POS;
    RCC_CR |= RCC_CR_PLLON;
    if (!becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY)) {
        return false;
    }
    if (!NEEDS_BOOST) {
        return run_from(RCC_CFGR_SW_PLL, 0);
    }
    /* The core must run at half of the clock for 1 us: RM0432, "Dynamic voltage scaling". */
    if (!run_from(RCC_CFGR_SW_PLL, RCC_CFGR_HPRE_DIV2)) {
        return false;
    }
    for (volatile uint32_t round = 0; round < BOOST_ROUNDS; round++) {
    }
    return run_from(RCC_CFGR_SW_PLL, 0);
}

/* From the internal 16 MHz oscillator, which is accurate to 1 %. Where the PLL does not start, the
 * core runs at 16 MHz; where the oscillator does not start, at the 4 MHz that it has after a
 * reset. */
clock_tree_t clock_start(void) {
    if (!start_hsi()) {
        RCC_CFGR = 0;
        return (clock_tree_t){.source = "msi", .core_hz = MSI_HZ, .usart_hz = MSI_HZ};
    }
    if (prepare_for_full_speed() && run_from_pll()) {
        return (clock_tree_t){.source = "hsi-pll", .core_hz = CORE_HZ, .usart_hz = CORE_HZ};
    }
    (void)run_from(RCC_CFGR_SW_HSI, 0);
    return (clock_tree_t){.source = "hsi", .core_hz = HSI_HZ, .usart_hz = HSI_HZ};
}
