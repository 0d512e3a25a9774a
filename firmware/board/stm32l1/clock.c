#include "clock.h"

#include "becomes.h"
#include "family.h"
#include "target.h"

#define MSI_HZ 2097000U /* after a reset: RM0038, 6.2.3 */
#define HSI_HZ 16000000U
#define CORE_HZ TARGET_CORE_HZ
#define WAIT_STATES TARGET_WAIT_STATES

/* PLL: 96 MHz inside, the most in voltage range 1; the core gets a half, a third or a quarter of
 * it. RM0038, 6.3.3. */
#define PLL_HZ (6U * HSI_HZ)
#define PLL_DIV (PLL_HZ / CORE_HZ)
_Static_assert(PLL_DIV >= 2 && PLL_DIV <= 4 && PLL_DIV * CORE_HZ == PLL_HZ, "RM0038 6.3.3, PLLDIV");

static bool run_from(uint32_t source, uint32_t other_bits) {
    RCC_CFGR = other_bits | source;
    return becomes(&RCC_CFGR, RCC_CFGR_SW_MASK << RCC_CFGR_SWS_POS, source << RCC_CFGR_SWS_POS);
}

/* Wait states need 64-bit access, which needs its own write: RM0038, 3.3.3. */
static bool prepare_flash(void) {
    FLASH_ACR |= FLASH_ACR_ACC64;
    if (!becomes(&FLASH_ACR, FLASH_ACR_ACC64, FLASH_ACR_ACC64)) {
        return false;
    }
    FLASH_ACR |= FLASH_ACR_PRFTEN;
    FLASH_ACR |= WAIT_STATES;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, WAIT_STATES);
}

/* Voltage range 2 is that after a reset: RM0038, 5.1.4 and 5.1.6. */
static bool prepare_for_full_speed(void) {
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC_APB1ENR;
    if (!becomes(&PWR_CSR, PWR_CSR_VOSF, 0)) {
        return false;
    }
    PWR_CR = (PWR_CR & ~PWR_CR_VOS_MASK) | PWR_CR_VOS_RANGE1;
    return becomes(&PWR_CSR, PWR_CSR_VOSF, 0) && prepare_flash();
}

static bool start_hsi(void) {
    RCC_CR |= RCC_CR_HSION;
    return becomes(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY) && run_from(RCC_CFGR_SW_HSI, 0);
}

static bool run_from_pll(void) {
    const uint32_t bits = RCC_CFGR_PLLMUL6 | (PLL_DIV - 1U) << RCC_CFGR_PLLDIV_POS;
    RCC_CFGR = bits | RCC_CFGR_SW_HSI; /* before the PLL is on */
    RCC_CR |= RCC_CR_PLLON;
    return becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY) && run_from(RCC_CFGR_SW_PLL, bits);
}

/* From the internal 16 MHz oscillator, which is accurate to 1 %. Where the PLL does not start, the
 * core runs at 16 MHz; where the oscillator does not start, at the 2 MHz that it has after a
 * reset. */
clock_tree_t clock_start(void) {
    if (!prepare_for_full_speed() || !start_hsi()) {
        RCC_CFGR = 0;
        return (clock_tree_t){.source = "msi", .core_hz = MSI_HZ, .usart_hz = MSI_HZ};
    }
    if (run_from_pll()) {
        return (clock_tree_t){.source = "hsi-pll", .core_hz = CORE_HZ, .usart_hz = CORE_HZ};
    }
    (void)run_from(RCC_CFGR_SW_HSI, 0);
    return (clock_tree_t){.source = "hsi", .core_hz = HSI_HZ, .usart_hz = HSI_HZ};
}
