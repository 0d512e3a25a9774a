/**
 * Registers of the Cortex-M core that the bench application uses, and no others.
 *
 * Sections are those of the Armv7-M Architecture Reference Manual (DDI 0403). Armv8-M (DDI 0553)
 * has all of them at the same addresses. Armv6-M (DDI 0419) has SysTick alone: no registers that
 * tell the cause of a fault, no FPU, and no cycle counter.
 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

#if defined(__ARM_ARCH_6M__)
#define CORE_HAS_FAULT_STATUS 0
#define CORE_HAS_CYCLE_COUNTER 0
#else
#define CORE_HAS_FAULT_STATUS 1
#define CORE_HAS_CYCLE_COUNTER 1
#endif

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* SysTick: B3.3 */
#define SYST_CSR REGISTER(0xE000E010U)
#define SYST_CSR_ENABLE (1U << 0)
#define SYST_CSR_TICKINT (1U << 1)
#define SYST_CSR_CLKSOURCE_CORE (1U << 2)
#define SYST_RVR REGISTER(0xE000E014U)
#define SYST_CVR REGISTER(0xE000E018U)
#define SYST_MAX 0x00FFFFFFU

/* System control block: B3.2 */
#define SCB_CFSR REGISTER(0xE000ED28U)
#define SCB_HFSR REGISTER(0xE000ED2CU)
#define SCB_MMFAR REGISTER(0xE000ED34U)
#define SCB_BFAR REGISTER(0xE000ED38U)
#define SCB_CPACR REGISTER(0xE000ED88U)
#define SCB_CPACR_FPU (15U << 20)

/* Debug and data watchpoint and trace: C1.6 and C1.8 */
#define DEMCR REGISTER(0xE000EDFCU)
#define DEMCR_TRCENA (1U << 24)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CTRL_CYCCNTENA (1U << 0)
#define DWT_CYCCNT REGISTER(0xE0001004U)

#endif
