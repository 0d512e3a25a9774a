/**
 * Registers of Arm's MPS2 with FPGA image AN386 (a Cortex-M4 with FPU), as QEMU emulates it.
 *
 * Addresses are those of DAI 0386 (Application Note AN386), its memory map; registers are those of
 * DDI 0479 (Cortex-M System Design Kit), "APB UART".
 */
#ifndef MPS2_AN386_H
#define MPS2_AN386_H

#include "cortex_m.h"

#define UART0_DATA REGISTER(0x40004000U)
#define UART0_STATE REGISTER(0x40004004U)
#define UART_STATE_TX_FULL (1U << 0)
#define UART_STATE_RX_FULL (1U << 1)
#define UART0_CTRL REGISTER(0x40004008U)
#define UART_CTRL_TX (1U << 0)
#define UART_CTRL_RX (1U << 1)
#define UART0_BAUDDIV REGISTER(0x40004010U)

#endif
