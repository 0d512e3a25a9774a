/** USART with two data registers: RM0394, chapters USART and LPUART. For `usart.c`. */
#ifndef USART_V2_H
#define USART_V2_H

#define USART_STATUS 0x1CU   /* ISR */
#define USART_RECEIVED 0x24U /* RDR */
#define USART_SENT 0x28U     /* TDR */
#define USART_BAUD_RATE 0x0CU
#define USART_CONTROL 0x00U /* CR1 */
#define USART_CONTROL_ENABLE (1U << 0)

#endif
