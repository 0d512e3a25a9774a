/* Groups of elements of a patch, widened to 16 bits. Each gives the place behind them. */
#ifndef NN_ELEMENTS_H
#define NN_ELEMENTS_H

#include "bytes.h"
#include "patches.h"

#if NN_HAS_DSP

static inline int16_t *nn_fill_groups(int16_t *to, int32_t elements, int8_t value) {
    const int8_t values[NN_GROUP] = {value, value, value, value};
    for (; elements > 0; elements -= NN_GROUP) {
        nn_widen(values, to);
        to += NN_GROUP_VALUES;
    }
    return to;
}

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

/* Both of any number of elements. */
static int16_t *nn_fill_groups(int16_t *to, int32_t elements, int8_t value) {
    for (const int16_t *const end = to + elements * NN_PATCHES; to < end; to += NN_PATCHES) {
        if (nn_is_second(to)) {
            nn_put_second(to, value);
        } else {
            nn_put_first(to, value);
        }
    }
    return to;
}

#define NN_WIDEN_ALL(put)                                                                          \
    for (; elements >= NN_GROUP; elements -= NN_GROUP) {                                           \
        put(to, from[0]);                                                                          \
        put(to + NN_PATCHES, from[1]);                                                             \
        put(to + 2 * NN_PATCHES, from[2]);                                                         \
        put(to + 3 * NN_PATCHES, from[3]);                                                         \
        from += NN_GROUP;                                                                          \
        to += NN_GROUP_VALUES;                                                                     \
    }                                                                                              \
    for (; elements > 0; elements--) {                                                             \
        put(to, *from++);                                                                          \
        to += NN_PATCHES;                                                                          \
    }

static __attribute__((noinline)) int16_t *nn_widen_groups(int16_t *to, const int8_t *from,
                                                          int32_t elements) {
    if (nn_is_second(to)) {
        NN_WIDEN_ALL(nn_put_second)
    } else {
        NN_WIDEN_ALL(nn_put_first)
    }
    return to;
}

#undef NN_WIDEN_ALL

#endif

#endif
