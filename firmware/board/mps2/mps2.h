/**
 * Registers of Arm's MPS2, a board with an FPGA, as QEMU emulates it with four of Arm's images.
 *
 * The images are AN385 (Cortex-M3), AN386 (Cortex-M4), AN500 (Cortex-M7) and AN505 (Cortex-M33).
 * Registers are those of DDI 0479 (Cortex-M System Design Kit), "APB UART". Where they lie is in
 * mps2_image.h, of which a board may bring its own.
 */
#ifndef MPS2_H
#define MPS2_H

#include "cortex_m.h"
#include "mps2_image.h"

#define UART0_DATA REGISTER(UART0)
#define UART0_STATE REGISTER(UART0 + 0x04U)
#define UART_STATE_TX_FULL (1U << 0)
#define UART_STATE_RX_FULL (1U << 1)
#define UART0_CTRL REGISTER(UART0 + 0x08U)
#define UART_CTRL_TX (1U << 0)
#define UART_CTRL_RX (1U << 1)
#define UART0_BAUDDIV REGISTER(UART0 + 0x10U)

#endif
