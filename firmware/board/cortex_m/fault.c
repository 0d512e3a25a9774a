/* Reports on the serial port why the core stopped. */
#include <stdint.h>

#include "cortex_m.h"
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

/* In the order in which the core saves them: DDI 0403, B1.5.6. */
static const char *const saved[] = {" r0 0x",  " r1 0x", " r2 0x", " r3 0x",
                                    " r12 0x", " lr 0x", " pc 0x", " xpsr 0x"};
#define SAVED_WORDS (sizeof saved / sizeof saved[0])

static void put_report(const uint32_t *frame) {
    put_text("\r\ne-[hard fault");
    if (frame < __stack_start || frame + SAVED_WORDS > __stack_end) {
        put_text(": stack overflow");
    } else {
        for (uint32_t i = 0; i < SAVED_WORDS; i++) {
            put_word(saved[i], frame[i]);
        }
    }
#if CORE_HAS_FAULT_STATUS
    put_word(" cfsr 0x", SCB_CFSR);
    put_word(" hfsr 0x", SCB_HFSR);
    put_word(" mmfar 0x", SCB_MMFAR);
    put_word(" bfar 0x", SCB_BFAR);
#endif
    put_text("]\r\nm-ready\r\n");
}

/* Tells it at once, and again as the answer to every command: the first time nobody may listen.
 * The frame lies outside the stack if the stack overflowed. */
void hard_fault_report(const uint32_t *frame) {
    put_report(frame);
    for (;;) {
        if (usart_read() == '%') {
            put_report(frame);
        }
    }
}

__attribute__((naked)) void hard_fault_handler(void) {
    /* The stack pointer may be what failed: report from the top of the stack, which ends here. */
    __asm volatile("mov r0, sp\n"
                   "ldr r1, =__stack_end\n"
                   "mov sp, r1\n"
#if defined(__ARM_ARCH_6M__)
                   "ldr r1, =hard_fault_report\n" /* b reaches 2 KB there */
                   "bx r1\n"
#else
                   "b hard_fault_report\n"
#endif
    );
}
