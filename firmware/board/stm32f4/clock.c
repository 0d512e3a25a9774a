#include "clock.h"

#include "becomes.h"
#include "family.h"
#include "target.h"

#define HSE_HZ 8000000U
#define HSI_HZ 16000000U
#define CORE_HZ TARGET_CORE_HZ
#define WAIT_STATES TARGET_WAIT_STATES

/* PLL: 2 MHz in, which RM0402 6.3.2 recommends against jitter; half of what it has inside, out. */
#define PLL_INPUT_HZ 2000000U
#define PLL_HZ (2U * CORE_HZ)
#define PLL_N (PLL_HZ / PLL_INPUT_HZ)
#define PLL_P_DIV2 0U
#define PLL_Q ((PLL_HZ + 47999999U) / 48000000U) /* unused; at most 48 MHz */
#define PLL_R 2U                                 /* unused */
_Static_assert(PLL_N >= 50 && PLL_N <= 432, "RM0402 6.3.2, PLLN");

/* Above it, a chip needs over-drive: RM0390, chapter 5, "Entering Over-drive mode". */
#define NEEDS_OVER_DRIVE (CORE_HZ > 168000000U)

/* The most of APB1 is 42 to 50 MHz, that of APB2 84 to 100 MHz: chips of at most 100 MHz, and those
 * of up to 180 MHz, divide alike. RM0402, 6.2 and RM0390, 6.2. */
#define IS_FAST (CORE_HZ > 100000000U)
#define USART_HZ (CORE_HZ / (IS_FAST ? 4U : 2U))
#define BUS_BITS (IS_FAST ? RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 : RCC_CFGR_PPRE1_DIV2)

static bool prepare_for_full_speed(void) {
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    PWR_CR |= PWR_CR_VOS_SCALE1;
    FLASH_ACR = FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN | WAIT_STATES;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES);
}

/* While the PLL runs, but before the core uses it: RM0390, "Entering Over-drive mode". */
static bool enter_over_drive(void) {
    PWR_CR |= PWR_CR_ODEN;
    if (!becomes(&PWR_CSR, PWR_CSR_ODRDY, PWR_CSR_ODRDY)) {
        return false;
    }
    PWR_CR |= PWR_CR_ODSWEN;
    return becomes(&PWR_CSR, PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY);
}

static bool run_from_pll(uint32_t source_hz, uint32_t source_bits) {
    RCC_PLLCFGR = (source_hz / PLL_INPUT_HZ) << RCC_PLLCFGR_M_POS | PLL_N << RCC_PLLCFGR_N_POS |
                  PLL_P_DIV2 << RCC_PLLCFGR_P_POS | PLL_Q << RCC_PLLCFGR_Q_POS |
                  PLL_R << RCC_PLLCFGR_R_POS | source_bits;
    RCC_CR |= RCC_CR_PLLON;
    if (becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY) &&
        (!NEEDS_OVER_DRIVE || enter_over_drive())) {
        RCC_CFGR = BUS_BITS | RCC_CFGR_SW_PLL;
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
    tree.usart_hz = USART_HZ;
    return tree;
}
