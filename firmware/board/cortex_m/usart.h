/** The serial port of the bench. Each chip implements it. */
#ifndef USART_H
#define USART_H

#include <stdint.h>

#define USART_BAUD 115200U

/** Starts with 8 data bits, no parity, 1 stop bit.
 *
 * @param usart_hz the clock of the port, see clock_start() */
void usart_start(uint32_t usart_hz);

/** Waits for a byte and returns it. */
uint8_t usart_read(void);

/** Waits for space and sends a byte. */
void usart_write(uint8_t byte);

#endif
