/** The word that unused stack holds. */
#ifndef STACK_PAINT_H
#define STACK_PAINT_H

#include <stdint.h>

#define STACK_PAINT UINT32_C(0xDEADBEEF)

#endif
