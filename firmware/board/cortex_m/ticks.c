#include "ticks.h"

#include <stdbool.h>

#include "clock.h"
#include "cortex_m.h"

static volatile uint32_t turns; /* wraps of SysTick since it was started */
static uint64_t ticks_before;   /* ticks before SysTick was started */
static uint32_t mark_cycles;

void systick_handler(void);
void systick_handler(void) { turns++; }

static void systick_begin(void) {
    SYST_CSR = 0;
    turns = 0;
    SYST_RVR = SYST_MAX;
    SYST_CVR = 0; /* any write clears it; the first tick then loads SYST_RVR */
    SYST_CSR = SYST_CSR_CLKSOURCE_CORE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

static uint64_t systick_ticks(void) {
    uint32_t turn;
    uint32_t left;
    do {
        turn = turns;
        left = SYST_CVR;
        __asm volatile("isb"); /* a pending systick_handler runs here */
    } while (turn != turns);
    return (uint64_t)turn * (SYST_MAX + 1U) + (SYST_MAX - left);
}

#if CORE_HAS_CYCLE_COUNTER

static bool has_dwt; /* QEMU has none */

static void cycles_start(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    const uint32_t first = DWT_CYCCNT;
    __asm volatile("nop\n nop\n nop\n nop");
    has_dwt = DWT_CYCCNT != first;
}

bool ticks_keep_time(void) { return has_dwt; }

#define CYCLES DWT_CYCCNT

#else

static const bool has_dwt = false;

static void cycles_start(void) {}

bool ticks_keep_time(void) { return clock_keeps_time(); }

#define CYCLES 0U

#endif

void ticks_start(void) {
    cycles_start();
    ticks_before = 0;
    systick_begin();
}

const char *ticks_source(void) { return has_dwt ? "dwt" : "systick"; }

uint64_t ticks_now(void) { return ticks_before + systick_ticks(); }

void ticks_mark(void) {
    ticks_before += systick_ticks();
    systick_begin();
    mark_cycles = CYCLES;
}

uint32_t ticks_since_mark(void) {
    const uint32_t cycles = CYCLES - mark_cycles;
    const uint64_t ticks = systick_ticks();
    if (ticks > UINT32_MAX) {
        return UINT32_MAX;
    }
    return has_dwt ? cycles : (uint32_t)ticks;
}
