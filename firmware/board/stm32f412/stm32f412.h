/**
 * Registers of the STM32F412 that the bench application uses, and no others.
 *
 * Sections are those of RM0402 (reference manual of the STM32F412).
 */
#ifndef STM32F412_H
#define STM32F412_H

#include "cortex_m.h"

/* Reset and clock control: 6.3 */
#define RCC_CR REGISTER(0x40023800U)
#define RCC_CR_HSION (1U << 0)
#define RCC_CR_HSIRDY (1U << 1)
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
#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_AHB1ENR_GPIODEN (1U << 3)
#define RCC_APB1ENR REGISTER(0x40023840U)
#define RCC_APB1ENR_USART3EN (1U << 18)
#define RCC_APB1ENR_PWREN (1U << 28)

#define RCC_CSR REGISTER(0x40023874U)
#define RCC_CSR_RMVF (1U << 24)
#define RCC_CSR_BORRSTF (1U << 25)
#define RCC_CSR_PINRSTF (1U << 26)
#define RCC_CSR_PORRSTF (1U << 27)
#define RCC_CSR_SFTRSTF (1U << 28)
#define RCC_CSR_IWDGRSTF (1U << 29)
#define RCC_CSR_WWDGRSTF (1U << 30)
#define RCC_CSR_LPWRRSTF (1U << 31)

/* Power control: 5.4 */
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CR_VOS_SCALE1 (3U << 14)

/* Embedded flash interface: 3.8 */
#define FLASH_ACR REGISTER(0x40023C00U)
#define FLASH_ACR_LATENCY_MASK 15U
#define FLASH_ACR_PRFTEN (1U << 8)
#define FLASH_ACR_ICEN (1U << 9)
#define FLASH_ACR_DCEN (1U << 10)

/* General-purpose I/Os: 7.4 */
#define GPIOD_MODER REGISTER(0x40020C00U)
#define GPIOD_AFRH REGISTER(0x40020C24U)

/* USART: 25.6 */
#define USART3_SR REGISTER(0x40004800U)
#define USART_SR_RXNE (1U << 5)
#define USART_SR_TXE (1U << 7)
#define USART3_DR REGISTER(0x40004804U)
#define USART3_BRR REGISTER(0x40004808U)
#define USART3_CR1 REGISTER(0x4000480CU)
#define USART_CR1_RE (1U << 2)
#define USART_CR1_TE (1U << 3)
#define USART_CR1_UE (1U << 13)

/* Debug support: 30.6 */
#define DBGMCU_IDCODE REGISTER(0xE0042000U)
#define DBGMCU_IDCODE_DEV_ID_MASK 0xFFFU
#define DEV_ID_STM32F412 0x441U

/* Device electronic signature: 31.1 */
#define UNIQUE_ID(word) REGISTER(0x1FFF7A10U + 4U * (word))
#define UNIQUE_ID_WORDS 3U

#endif
