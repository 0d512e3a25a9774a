/** Time: core clock cycles since the start, and since a mark. */
#ifndef TICKS_H
#define TICKS_H

#include <stdbool.h>
#include <stdint.h>

/** Starts SysTick, and the cycle counter of DWT if there is one. */
void ticks_start(void);

/** The counter of ticks_since_mark: "dwt" or "systick". */
const char *ticks_source(void);

/** Whether ticks are real time. A core with DWT has it, unless QEMU emulates it; Armv6-M has none,
 * and clock_keeps_time() tells. */
bool ticks_keep_time(void);

/** Core clock cycles since ticks_start. */
uint64_t ticks_now(void);

/** Sets the mark. SysTick is restarted here, so that equal work gives equal ticks. */
void ticks_mark(void);

/** Core clock cycles since the mark; UINT32_MAX if there were more. */
uint32_t ticks_since_mark(void);

#endif
