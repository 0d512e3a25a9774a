/**
 * Registers of the STM32L4 and STM32L4+ that the bench application uses, and no others.
 *
 * Names, addresses and bits are those of RM0394 (STM32L41x to L46x) and of RM0432 (STM32L4+).
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "cortex_m.h"
#include "usart_v2.h"

/* Reset and clock control */
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CR_HSION (1U << 8)
#define RCC_CR_HSIRDY (1U << 10)
#define RCC_CR_PLLON (1U << 24)
#define RCC_CR_PLLRDY (1U << 25)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_CFGR_SW_MASK 3U
#define RCC_CFGR_SW_HSI 1U
#define RCC_CFGR_SW_PLL 3U
#define RCC_CFGR_SWS_POS 2
#define RCC_CFGR_HPRE_DIV2 (8U << 4)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_PLLCFGR_SRC_HSI 2U
#define RCC_PLLCFGR_M_POS 4
#define RCC_PLLCFGR_N_POS 8
#define RCC_PLLCFGR_REN (1U << 24)
#define RCC_PLLCFGR_R_POS 25
#define RCC_AHB2ENR REGISTER(0x4002104CU)
#define RCC_APB1ENR1 REGISTER(0x40021058U)
#define RCC_APB1ENR1_PWREN (1U << 28)
#define RCC_APB1ENR2 REGISTER(0x4002105CU)
#define RCC_CSR REGISTER(0x40021094U)
#define RCC_CSR_RMVF (1U << 23)
#define RCC_CSR_BIT25_CAUSE "option bytes" /* OBLRSTF */

/* Power control */
#define PWR_CR2 REGISTER(0x40007004U)
#define PWR_CR2_IOSV (1U << 9) /* RM0432: VDDIO2 is there */
#define PWR_SR2 REGISTER(0x40007014U)
#define PWR_SR2_VOSF (1U << 10)
#define PWR_CR5 REGISTER(0x40007080U) /* RM0432 */
#define PWR_CR5_R1MODE (1U << 8)

/* Embedded flash interface */
#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_ACR_LATENCY_MASK 15U
#define FLASH_ACR_PRFTEN (1U << 8)
#define FLASH_ACR_ICEN (1U << 9)
#define FLASH_ACR_DCEN (1U << 10)

/* General-purpose I/Os */
#define GPIO_BASE 0x48000000U
#define GPIO_PORT_G 6U

/* USARTs whose clock is that of APB1 after a reset: RCC_CCIPR */
#define USART2_BASE 0x40004400U
#define USART2_CLOCK_ENABLE RCC_APB1ENR1
#define USART2_CLOCK_BIT (1U << 17)
#define USART2_IS_LOW_POWER 0
#define LPUART1_BASE 0x40008000U
#define LPUART1_CLOCK_ENABLE RCC_APB1ENR2
#define LPUART1_CLOCK_BIT (1U << 0)
#define LPUART1_IS_LOW_POWER 1

/* Debug support */
#define DBGMCU_IDCODE REGISTER(0xE0042000U)

/* Device electronic signature */
#define UNIQUE_ID(word) REGISTER(0x1FFF7590U + 4U * (word))

/** Starts the clock of a port: 0 is GPIOA. Port G has a supply of its own, VDDIO2. */
static inline void port_start(uint32_t port) {
    if (port == GPIO_PORT_G) {
        RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
        PWR_CR2 |= PWR_CR2_IOSV;
    }
    RCC_AHB2ENR |= 1U << port;
}

/** Makes DBGMCU_IDCODE readable: here it always is. */
static inline void debug_unit_start(void) {}

#endif
