/** Time: core clock cycles since the start, and since a mark. */
#ifndef TICKS_H
#define TICKS_H

#include <stdbool.h>
#include <stdint.h>

/** Start SysTick, and the cycle counter of DWT where there is one. */
void ticks_start(void);

/** What ticks_since_mark counts with: "dwt" or "systick". */
const char *ticks_source(void);

/** Whether they are time: every real chip has "dwt". */
bool ticks_keep_time(void);

/** Core clock cycles since ticks_start. */
uint64_t ticks_now(void);

/** Set the mark. SysTick begins anew here, so that equal work counts equal ticks. */
void ticks_mark(void);

/** Core clock cycles since the mark; UINT32_MAX if there were more. */
uint32_t ticks_since_mark(void);

#endif
