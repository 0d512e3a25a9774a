/** USART with one data register: RM0402, 25.6. For `usart.c`. */
#ifndef USART_V1_H
#define USART_V1_H

#define USART_STATUS 0x00U   /* SR */
#define USART_RECEIVED 0x04U /* DR */
#define USART_SENT 0x04U     /* DR */
#define USART_BAUD_RATE 0x08U
#define USART_CONTROL 0x0CU /* CR1 */
#define USART_CONTROL_ENABLE (1U << 13)

#endif
