/* Starts a program for benchmarks/cycles.py, and ends QEMU after it. */

#include <stdint.h>

extern uint32_t data_start, data_end, data_in_flash, bss_start, bss_end, stack_end;
int main(void);
void reset(void);

/* Semihosting, "SYS_EXIT": application exit, or a run-time error. */
static void leave(int status) {
    register uint32_t operation __asm("r0") = 0x18;
    register uint32_t reason __asm("r1") = status == 0 ? 0x20026 : 0x20023;
    __asm volatile("bkpt 0xAB" : : "r"(operation), "r"(reason) : "memory");
}

void reset(void) {
    const uint32_t *from = &data_in_flash;
    for (uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    *(volatile uint32_t *)0xE000ED88 |= 0xFU << 20; /* CPACR: the FPU may be used */
    __asm volatile("dsb\n isb");
    leave(main());
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    &stack_end, (const void *)reset};
