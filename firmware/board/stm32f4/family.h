/**
 * Registers of the STM32F4 that the bench application uses, and no others.
 *
 * Sections are those of RM0402 (STM32F412); RM0390 (STM32F446) has the same addresses and bits.
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "cortex_m.h"
#include "usart_v1.h"

/* Reset and clock control: 6.3 */
#define RCC_CR REGISTER(0x40023800U)
#define RCC_CR_HSEON (1U << 16)
#define RCC_CR_HSERDY (1U << 17)
#define RCC_CR_HSEBYP (1U << 18)
#define RCC_CR_PLLON (1U << 24)
#define RCC_CR_PLLRDY (1U << 25)
#define RCC_PLLCFGR REGISTER(0x40023804U)
#define RCC_PLLCFGR_M_POS 0
#define RCC_PLLCFGR_N_POS 6
#define RCC_PLLCFGR_P_POS 16
#define RCC_PLLCFGR_SRC_HSE (1U << 22)
#define RCC_PLLCFGR_Q_POS 24
#define RCC_PLLCFGR_R_POS 28
#define RCC_CFGR REGISTER(0x40023808U)
#define RCC_CFGR_SW_PLL 2U
#define RCC_CFGR_SWS_MASK (3U << 2)
#define RCC_CFGR_SWS_PLL (2U << 2)
#define RCC_CFGR_PPRE1_DIV2 (4U << 10)
#define RCC_CFGR_PPRE1_DIV4 (5U << 10)
#define RCC_CFGR_PPRE2_DIV2 (4U << 13)
#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_APB1ENR REGISTER(0x40023840U)
#define RCC_APB1ENR_PWREN (1U << 28)
#define RCC_CSR REGISTER(0x40023874U)
#define RCC_CSR_RMVF (1U << 24)
#define RCC_CSR_BIT25_CAUSE "brownout" /* BORRSTF */

/* Power control: 5.4; the bits of over-drive: RM0390, PWR_CR and PWR_CSR */
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CR_VOS_SCALE1 (3U << 14)
#define PWR_CR_ODEN (1U << 16)
#define PWR_CR_ODSWEN (1U << 17)
#define PWR_CSR REGISTER(0x40007004U)
#define PWR_CSR_ODRDY (1U << 16)
#define PWR_CSR_ODSWRDY (1U << 17)

/* Embedded flash interface: 3.8 */
#define FLASH_ACR REGISTER(0x40023C00U)
#define FLASH_ACR_LATENCY_MASK 15U
#define FLASH_ACR_PRFTEN (1U << 8)
#define FLASH_ACR_ICEN (1U << 9)
#define FLASH_ACR_DCEN (1U << 10)

/* General-purpose I/Os: 7.4 */
#define GPIO_BASE 0x40020000U

/* USARTs of APB1, the bus whose clock clock_start() gives: 2.3 and 6.3.13 */
#define USART2_BASE 0x40004400U
#define USART2_CLOCK_ENABLE RCC_APB1ENR
#define USART2_CLOCK_BIT (1U << 17)
#define USART2_IS_LOW_POWER 0
#define USART3_BASE 0x40004800U
#define USART3_CLOCK_ENABLE RCC_APB1ENR
#define USART3_CLOCK_BIT (1U << 18)
#define USART3_IS_LOW_POWER 0

/* Debug support: 30.6 */
#define DBGMCU_IDCODE REGISTER(0xE0042000U)

/* Device electronic signature: 31.1 */
#define UNIQUE_ID(word) REGISTER(0x1FFF7A10U + 4U * (word))

/** Starts the clock of a port: 0 is GPIOA. */
static inline void port_start(uint32_t port) { RCC_AHB1ENR |= 1U << port; }

/** Makes DBGMCU_IDCODE readable: here it always is. */
static inline void debug_unit_start(void) {}

#endif
