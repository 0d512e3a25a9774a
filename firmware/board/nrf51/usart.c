/* The UART on P0.24 (TX) and P0.25 (RX): the serial port of the micro:bit's interface chip. */
#include "usart.h"

#include "nrf51.h"

#define PIN_TX 24U
#define PIN_RX 25U

_Static_assert(USART_BAUD == 115200U, "UART_BAUDRATE is for this rate");

void usart_start(uint32_t usart_hz) {
    (void)usart_hz; /* the rate does not depend on it */
    UART_PSELTXD = PIN_TX;
    UART_PSELRXD = PIN_RX;
    UART_BAUDRATE = UART_BAUDRATE_115200;
    UART_ENABLE = UART_ENABLED;
    UART_TXDRDY = 0;
    UART_RXDRDY = 0;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
}

uint8_t usart_read(void) {
    while (UART_RXDRDY == 0) {
    }
    UART_RXDRDY = 0; /* before the byte is taken: the next one sets it again */
    return (uint8_t)UART_RXD;
}

void usart_write(uint8_t byte) {
    UART_TXDRDY = 0;
    UART_TXD = byte;
    while (UART_TXDRDY == 0) {
    }
}
