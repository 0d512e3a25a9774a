/* Start-up code: from reset to main. */
#include <stdint.h>

#include "cortex_m.h"
#include "stack_paint.h"

/* From the linker script; only their addresses are used. */
extern uint32_t __stack_start[], __stack_end[];
extern uint32_t __data_load[], __data_start[], __data_end[];
extern uint32_t __bss_start[], __bss_end[];
extern void (*__init_array_start[])(void);
extern void (*__init_array_end[])(void);

int main(void);
void reset_handler(void);
void hard_fault_handler(void);
void systick_handler(void);

static void paint_stack(void) {
    uint32_t *top;
    __asm volatile("mov %0, sp" : "=r"(top));
    for (volatile uint32_t *word = __stack_start; word < top; word++) {
        *word = STACK_PAINT;
    }
}

void reset_handler(void) {
#if defined(__ARM_FP)
    SCB_CPACR |= SCB_CPACR_FPU;
    __asm volatile("dsb\n isb");
#endif
    paint_stack();
    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = __bss_start; to < __bss_end;) {
        *to++ = 0;
    }
    for (void (**constructor)(void) = __init_array_start; constructor < __init_array_end;) {
        (*constructor++)();
    }
    (void)main();
    for (;;) {
        __asm volatile("wfi");
    }
}

/* Interrupts but SysTick stay disabled, so the table ends with the system exceptions.
 * DDI 0403, B1.5.2. */
/* Armv6-M has no MemManage, BusFault, UsageFault and DebugMonitor: their entries are not used. */
typedef void (*vector_t)(void);
__attribute__((section(".isr_vector"), used)) static const vector_t vectors[16] = {
    (vector_t)(uintptr_t)__stack_end,
    reset_handler,
    hard_fault_handler, /* NMI */
    hard_fault_handler,
    hard_fault_handler, /* MemManage */
    hard_fault_handler, /* BusFault */
    hard_fault_handler, /* UsageFault */
    0,
    0,
    0,
    0,
    hard_fault_handler, /* SVCall */
    hard_fault_handler, /* DebugMonitor */
    0,
    hard_fault_handler, /* PendSV */
    systick_handler,
};
