/* Says on the serial port why the core stopped, instead of falling silent. */
#include <stdint.h>

#include "stm32f412.h"
#include "usart.h"

extern uint32_t __stack_start[], __stack_end[];

void hard_fault_handler(void);
void hard_fault_report(const uint32_t *frame);

static void put_text(const char *text) {
    while (*text != '\0') {
        usart_write((uint8_t)*text++);
    }
}

static void put_word(const char *name, uint32_t value) {
    put_text(name);
    for (int shift = 28; shift >= 0; shift -= 4) {
        usart_write((uint8_t) "0123456789abcdef"[(value >> shift) & 15U]);
    }
}

/* frame: r0 to r3, r12, lr, pc, xpsr as the core saved them (DDI 0403, B1.5.6); outside the stack
 * if the stack overflowed. */
void hard_fault_report(const uint32_t *frame) {
    put_text("\r\ne-[hard fault");
    if (frame < __stack_start || frame + 8 > __stack_end) {
        put_text(": stack overflow");
    } else {
        put_word(" pc 0x", frame[6]);
        put_word(" lr 0x", frame[5]);
    }
    put_word(" cfsr 0x", SCB_CFSR);
    put_word(" hfsr 0x", SCB_HFSR);
    put_text("]\r\n");
    for (;;) {
    }
}

__attribute__((naked)) void hard_fault_handler(void) {
    /* The stack pointer may be what failed: report from the top of the stack, which ends here. */
    __asm volatile("mov r0, sp\n"
                   "ldr r1, =__stack_end\n"
                   "mov sp, r1\n"
                   "b hard_fault_report\n");
}
