/**
 * Registers of the STM32G0 that the bench application uses, and no others.
 *
 * Names, addresses and bits are those of RM0444.
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "cortex_m.h"
#include "usart_v2.h"

/* Reset and clock control */
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CR_PLLON (1U << 24)
#define RCC_CR_PLLRDY (1U << 25)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_CFGR_SW_PLL 2U
#define RCC_CFGR_SWS_MASK (7U << 3)
#define RCC_CFGR_SWS_PLL (2U << 3)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_PLLCFGR_SRC_HSI 2U
#define RCC_PLLCFGR_M_POS 4
#define RCC_PLLCFGR_N_POS 8
#define RCC_PLLCFGR_REN (1U << 28)
#define RCC_PLLCFGR_R_POS 29
#define RCC_IOPENR REGISTER(0x40021034U)
#define RCC_APBENR1 REGISTER(0x4002103CU)
#define RCC_APBENR1_DBGEN (1U << 27)
#define RCC_CSR REGISTER(0x40021060U)
#define RCC_CSR_RMVF (1U << 23)
#define RCC_CSR_BIT25_CAUSE "option bytes" /* OBLRSTF */

/* Embedded flash interface */
#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_ACR_LATENCY_MASK 7U
#define FLASH_ACR_PRFTEN (1U << 8)
#define FLASH_ACR_ICEN (1U << 9)
#define FLASH_ACR_DCEN 0U /* no cache for data */

/* General-purpose I/Os */
#define GPIO_BASE 0x50000000U

/* USARTs whose clock is that of the bus after a reset: RCC_CCIPR */
#define USART2_BASE 0x40004400U
#define USART2_CLOCK_ENABLE RCC_APBENR1
#define USART2_CLOCK_BIT (1U << 17)
#define USART2_IS_LOW_POWER 0
#define LPUART1_BASE 0x40008000U
#define LPUART1_CLOCK_ENABLE RCC_APBENR1
#define LPUART1_CLOCK_BIT (1U << 20)
#define LPUART1_IS_LOW_POWER 1

/* Debug support */
#define DBGMCU_IDCODE REGISTER(0x40015800U)

/* Device electronic signature */
#define UNIQUE_ID(word) REGISTER(0x1FFF7590U + 4U * (word))

/** Starts the clock of a port: 0 is GPIOA. */
static inline void port_start(uint32_t port) { RCC_IOPENR |= 1U << port; }

/** Makes DBGMCU_IDCODE readable: it is on the bus, and without a clock at first. */
static inline void debug_unit_start(void) {
    RCC_APBENR1 |= RCC_APBENR1_DBGEN;
    (void)RCC_APBENR1;
}

#endif
