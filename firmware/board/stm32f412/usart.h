/** USART3 on PD8 (TX) and PD9 (RX): the serial port of the Nucleo's ST-LINK. */
#ifndef USART_H
#define USART_H

#include <stdint.h>

#define USART_BAUD 115200U

/** Starts with 8 data bits, no parity, 1 stop bit. */
void usart_start(uint32_t apb1_hz);

/** Waits for a byte and returns it. */
uint8_t usart_read(void);

/** Waits for space and sends a byte. */
void usart_write(uint8_t byte);

#endif
