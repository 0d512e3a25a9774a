/* USART3 on PD8 (TX) and PD9 (RX): the serial port of the Nucleo's ST-LINK. Its clock is APB1's. */
#include "usart.h"

#include "stm32f412.h"

#define PIN_TX 8U
#define PIN_RX 9U
#define MODE_ALTERNATE 2U   /* RM0402 7.4.1 */
#define ALTERNATE_USART3 7U /* DS11139, table 10 */

void usart_start(uint32_t usart_hz) {
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    RCC_APB1ENR |= RCC_APB1ENR_USART3EN;
    (void)RCC_APB1ENR; /* the clock needs two cycles: RM0402 6.3.13 */
    const uint32_t pin_modes = 3U << (2 * PIN_TX) | 3U << (2 * PIN_RX);
    const uint32_t functions = 15U << (4 * (PIN_TX - 8)) | 15U << (4 * (PIN_RX - 8));
    GPIOD_AFRH = (GPIOD_AFRH & ~functions) | ALTERNATE_USART3 << (4 * (PIN_TX - 8)) |
                 ALTERNATE_USART3 << (4 * (PIN_RX - 8));
    GPIOD_MODER = (GPIOD_MODER & ~pin_modes) | MODE_ALTERNATE << (2 * PIN_TX) |
                  MODE_ALTERNATE << (2 * PIN_RX);
    /* In 16ths of a bit, with 4 binary places: RM0402 25.4.4. */
    USART3_BRR = (usart_hz + USART_BAUD / 2) / USART_BAUD;
    USART3_CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

uint8_t usart_read(void) {
    while ((USART3_SR & USART_SR_RXNE) == 0) {
    }
    return (uint8_t)USART3_DR;
}

void usart_write(uint8_t byte) {
    while ((USART3_SR & USART_SR_TXE) == 0) {
    }
    USART3_DR = byte;
}
