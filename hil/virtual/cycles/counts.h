#ifndef CYCLES_COUNTS_H
#define CYCLES_COUNTS_H

#include <stdint.h>

/** Why an instruction took longer than its own work. */
typedef enum {
    STALL_FLASH_DATA,         /* a load waited for flash */
    STALL_FLASH_INSTRUCTIONS, /* a fetch waited for flash */
    STALL_LOAD,               /* a load that the next instruction did not overlap */
    STALL_ADDRESS,            /* an address that was computed just before */
    STALL_BRANCH,             /* the pipeline was filled again */
    STALL_FETCH,              /* wide instructions across words came faster than their fetches */
    STALL_FLOAT,              /* a result of the FPU that was not ready */
    STALL_UNALIGNED,          /* data across words */
    STALLS,
} stall_t;

/** What was counted since the start. */
typedef struct {
    uint64_t instructions;
    uint64_t cycles;
    uint64_t divides; /* their cycles depend on operands that are not known */
    uint64_t stalls[STALLS];
} counts_t;

/** `a`, and `b` several times. */
counts_t counts_sum(const counts_t *a, const counts_t *b, uint64_t times);

#endif
