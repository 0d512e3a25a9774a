/* The serial port of the board's ST-LINK: a USART or LPUART of an STM32 and its two pins. */
#include "usart.h"

#include "family.h"
#include "target.h"

/* The same in all families: RM0402, 25.6. */
#define STATUS_RECEIVED (1U << 5)
#define STATUS_CAN_SEND (1U << 7)
#define CONTROL_RECEIVER (1U << 2)
#define CONTROL_TRANSMITTER (1U << 3)
#define USART(offset) REGISTER(SERIAL(BASE) + (offset))

/* The same in all families: RM0402, 7.4. */
#define PORT(offset) REGISTER(GPIO_BASE + 0x400U * SERIAL_PORT + (offset))
#define PORT_MODE PORT(0x00U)
#define PORT_FUNCTION_LOW PORT(0x20U)  /* pins 0 to 7 */
#define PORT_FUNCTION_HIGH PORT(0x24U) /* pins 8 to 15 */
#define MODE_ALTERNATE 2U
#define MODES(value) ((value) << (2 * SERIAL_TX_PIN) | (value) << (2 * SERIAL_RX_PIN))

/* The part of a function register that a pin has: none if it has a place in the other one. */
#define LOW(pin, value) ((pin) < 8U ? (value) << (4U * ((pin) % 8U)) : 0U)
#define HIGH(pin, value) ((pin) < 8U ? 0U : (value) << (4U * ((pin) % 8U)))

static void select_functions(void) {
    const uint32_t low = LOW(SERIAL_TX_PIN, 15U) | LOW(SERIAL_RX_PIN, 15U);
    const uint32_t high = HIGH(SERIAL_TX_PIN, 15U) | HIGH(SERIAL_RX_PIN, 15U);
    if (low != 0) {
        PORT_FUNCTION_LOW = (PORT_FUNCTION_LOW & ~low) | LOW(SERIAL_TX_PIN, SERIAL_TX_FUNCTION) |
                            LOW(SERIAL_RX_PIN, SERIAL_RX_FUNCTION);
    }
    if (high != 0) {
        PORT_FUNCTION_HIGH = (PORT_FUNCTION_HIGH & ~high) |
                             HIGH(SERIAL_TX_PIN, SERIAL_TX_FUNCTION) |
                             HIGH(SERIAL_RX_PIN, SERIAL_RX_FUNCTION);
    }
}

/* In 16ths of a bit, with 4 binary places: RM0402 25.4.4. An LPUART counts in 256ths of its clock's
 * periods: RM0432, LPUART_BRR; divided in two steps, as 256 times the clock exceeds 32 bits. */
static uint32_t baud_divisor(uint32_t usart_hz) {
    if (SERIAL(IS_LOW_POWER)) {
        return usart_hz / USART_BAUD * 256U +
               (usart_hz % USART_BAUD * 256U + USART_BAUD / 2) / USART_BAUD;
    }
    return (usart_hz + USART_BAUD / 2) / USART_BAUD;
}

void usart_start(uint32_t usart_hz) {
    port_start(SERIAL_PORT);
    SERIAL(CLOCK_ENABLE) |= SERIAL(CLOCK_BIT);
    (void)SERIAL(CLOCK_ENABLE); /* the clock needs two cycles: RM0402 6.3.13 */
    select_functions();
    PORT_MODE = (PORT_MODE & ~MODES(3U)) | MODES(MODE_ALTERNATE);
    USART(USART_BAUD_RATE) = baud_divisor(usart_hz);
    USART(USART_CONTROL) = USART_CONTROL_ENABLE | CONTROL_TRANSMITTER | CONTROL_RECEIVER;
}

uint8_t usart_read(void) {
    while ((USART(USART_STATUS) & STATUS_RECEIVED) == 0) {
    }
    return (uint8_t)USART(USART_RECEIVED);
}

void usart_write(uint8_t byte) {
    while ((USART(USART_STATUS) & STATUS_CAN_SEND) == 0) {
    }
    USART(USART_SENT) = byte;
}
