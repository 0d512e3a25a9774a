/* Groups of elements of a patch, widened to 16 bits. Each gives the place behind them. */
#ifndef NN_ELEMENTS_H
#define NN_ELEMENTS_H

#include "bytes.h"
#include "patches.h"

static inline int16_t *nn_fill_groups(int16_t *to, int32_t elements, int8_t value) {
    const int8_t values[NN_GROUP] = {value, value, value, value};
    for (; elements > 0; elements -= NN_GROUP) {
        nn_widen(values, to);
        to += NN_GROUP_VALUES;
    }
    return to;
}

#if NN_HAS_DSP

static __attribute__((noinline)) int16_t *nn_widen_groups(int16_t *to, const int8_t *from,
                                                          int32_t elements) {
    uint32_t word, even;
#define NN_WIDEN_GROUP                                                                             \
    "ldr    %[word], [%[from]], #4\n"                                                              \
    "sxtb16 %[even], %[word]\n"                                                                    \
    "sxtb16 %[word], %[word], ror #8\n"                                                            \
    "strd   %[even], %[word], [%[to]], %[step]\n"
    for (; elements >= 4 * NN_GROUP; elements -= 4 * NN_GROUP) {
        __asm volatile(NN_WIDEN_GROUP NN_WIDEN_GROUP NN_WIDEN_GROUP NN_WIDEN_GROUP
                       : [to] "+r"(to), [from] "+r"(from), [word] "=&r"(word), [even] "=&r"(even)
                       : [step] "i"(NN_GROUP_VALUES * sizeof(int16_t))
                       : "memory");
    }
    for (; elements > 0; elements -= NN_GROUP) {
        __asm volatile(NN_WIDEN_GROUP
                       : [to] "+r"(to), [from] "+r"(from), [word] "=&r"(word), [even] "=&r"(even)
                       : [step] "i"(NN_GROUP_VALUES * sizeof(int16_t))
                       : "memory");
    }
#undef NN_WIDEN_GROUP
    return to;
}

#else

static __attribute__((noinline)) int16_t *nn_widen_groups(int16_t *to, const int8_t *from,
                                                          int32_t elements) {
    for (; elements > 0; elements -= NN_GROUP) {
        nn_widen(from, to);
        from += NN_GROUP;
        to += NN_GROUP_VALUES;
    }
    return to;
}

#endif

#endif
