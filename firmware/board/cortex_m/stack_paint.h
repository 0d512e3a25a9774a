/** The fill pattern of unused stack. */
#ifndef STACK_PAINT_H
#define STACK_PAINT_H

#include <stdint.h>

#define STACK_PAINT UINT32_C(0xDEADBEEF)

#endif
