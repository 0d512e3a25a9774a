/** USART3 on PD8 (TX) and PD9 (RX): the serial port of the Nucleo's ST-LINK. */
#ifndef USART_H
#define USART_H

#include <stdint.h>

#define USART_BAUD 115200U

/** Start with 8 data bits, no parity, 1 stop bit. */
void usart_start(uint32_t apb1_hz);

/** Wait for a byte and give it. */
uint8_t usart_read(void);

/** Wait for room and send a byte. */
void usart_write(uint8_t byte);

#endif
