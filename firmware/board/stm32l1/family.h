/**
 * Registers of the STM32L1 that the bench application uses, and no others.
 *
 * Sections are those of RM0038. The unique id is that of the categories 3 and higher.
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "cortex_m.h"
#include "usart_v1.h"

/* Reset and clock control: 6.3 */
#define RCC_CR REGISTER(0x40023800U)
#define RCC_CR_HSION (1U << 0)
#define RCC_CR_HSIRDY (1U << 1)
#define RCC_CR_PLLON (1U << 24)
#define RCC_CR_PLLRDY (1U << 25)
#define RCC_CFGR REGISTER(0x40023808U)
#define RCC_CFGR_SW_MASK 3U
#define RCC_CFGR_SW_HSI 1U
#define RCC_CFGR_SW_PLL 3U
#define RCC_CFGR_SWS_POS 2
#define RCC_CFGR_PLLMUL6 (2U << 18)
#define RCC_CFGR_PLLDIV_POS 22
#define RCC_AHBENR REGISTER(0x4002381CU)
#define RCC_APB1ENR REGISTER(0x40023824U)
#define RCC_APB1ENR_PWREN (1U << 28)
#define RCC_CSR REGISTER(0x40023834U)
#define RCC_CSR_RMVF (1U << 24)
#define RCC_CSR_BIT25_CAUSE "option bytes" /* OBLRSTF */

/* Power control: 5.4 */
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CR_VOS_MASK (3U << 11)
#define PWR_CR_VOS_RANGE1 (1U << 11)
#define PWR_CSR REGISTER(0x40007004U)
#define PWR_CSR_VOSF (1U << 4)

/* Embedded flash interface: 3.9 */
#define FLASH_ACR REGISTER(0x40023C00U)
#define FLASH_ACR_LATENCY_MASK 1U
#define FLASH_ACR_PRFTEN (1U << 1)
#define FLASH_ACR_ACC64 (1U << 2)
#define FLASH_ACR_ICEN 0U /* no caches */
#define FLASH_ACR_DCEN 0U

/* General-purpose I/Os: 7.4; the ports A to E */
#define GPIO_BASE 0x40020000U

/* USARTs of APB1: 6.3.10 */
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

/* Device electronic signature: 31.2; the last word lies apart */
#define UNIQUE_ID(word) REGISTER(0x1FF800D0U + ((word) < 2U ? 4U * (word) : 0x14U))

/** Starts the clock of a port: 0 is GPIOA. */
static inline void port_start(uint32_t port) { RCC_AHBENR |= 1U << port; }

/** Makes DBGMCU_IDCODE readable: here it always is. */
static inline void debug_unit_start(void) {}

#endif
