/* UART0 of the board. */
#include "usart.h"

#include "mps2.h"

void usart_start(uint32_t usart_hz) {
    UART0_BAUDDIV = usart_hz / USART_BAUD;
    UART0_CTRL = UART_CTRL_TX | UART_CTRL_RX;
}

uint8_t usart_read(void) {
    while ((UART0_STATE & UART_STATE_RX_FULL) == 0) {
    }
    return (uint8_t)UART0_DATA;
}

void usart_write(uint8_t byte) {
    while ((UART0_STATE & UART_STATE_TX_FULL) != 0) {
    }
    UART0_DATA = byte;
}
