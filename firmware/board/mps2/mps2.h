/**
 * Registers of Arm's MPS2, a board with an FPGA, as QEMU emulates it with four of Arm's images.
 *
 * Addresses are those of the images' application notes, "Memory map": DAI 0385 (AN385, Cortex-M3),
 * DAI 0386 (AN386, Cortex-M4), DAI 0500 (AN500, Cortex-M7), DAI 0505 (AN505, Cortex-M33).
 * Registers are those of DDI 0479 (Cortex-M System Design Kit), "APB UART". Clocks are SYSCLK_FRQ
 * in QEMU's hw/arm/mps2.c and sysclk_frq in hw/arm/mps2-tz.c.
 */
#ifndef MPS2_H
#define MPS2_H

#include "cortex_m.h"

#if defined(__ARM_ARCH_8M_MAIN__)
#define CORE_HZ 20000000U
#define UART0 0x50200000U /* for secure code, as which the core starts */
#else
#define CORE_HZ 25000000U
#define UART0 0x40004000U
#endif

#define UART0_DATA REGISTER(UART0)
#define UART0_STATE REGISTER(UART0 + 0x04U)
#define UART_STATE_TX_FULL (1U << 0)
#define UART_STATE_RX_FULL (1U << 1)
#define UART0_CTRL REGISTER(UART0 + 0x08U)
#define UART_CTRL_TX (1U << 0)
#define UART_CTRL_RX (1U << 1)
#define UART0_BAUDDIV REGISTER(UART0 + 0x10U)

#endif
