/* Products of four neighbouring channels without the DSP extension: see quads.h. */
#ifndef NN_PLAIN_QUADS_H
#define NN_PLAIN_QUADS_H

#include <stdint.h>

#include "four_sums.h"

#if defined(__thumb2__) && defined(__OPTIMIZE__)

/* In assembly, so that no sum leaves its register. */
#define NN_CHANNEL(offset, sum)                                                                    \
    "ldrsb  %[value], [%[pixel], " offset "]\n"                                                    \
    "ldrsb  %[weight], [%[weights]], #1\n"                                                         \
    "mla    %[" sum "], %[value], %[weight], %[" sum "]\n"
#define NN_TAP                                                                                     \
    NN_CHANNEL("#0", "a") NN_CHANNEL("#1", "b") NN_CHANNEL("#2", "c") NN_CHANNEL("#3", "d")

static inline nn_four_sums nn_multiply_3(nn_four_sums sums, const int8_t *pixel, int32_t step,
                                         const int8_t **weights) {
    int32_t value, weight;
    __asm volatile(NN_TAP "add    %[pixel], %[step]\n" NN_TAP "add    %[pixel], %[step]\n" NN_TAP
                   : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
                     [weights] "+r"(*weights), [pixel] "+r"(pixel), [value] "=&r"(value),
                     [weight] "=&r"(weight)
                   : [step] "r"(step)
                   : "memory");
    return sums;
}

static inline nn_four_sums nn_multiply_taps(nn_four_sums sums, const int8_t *base,
                                            const int32_t *offsets, int32_t count,
                                            const int8_t **weights) {
    const int8_t *pixel;
    int32_t value, weight;
    __asm volatile("1:\n"
                   "ldr    %[pixel], [%[offsets]], #4\n"
                   "add    %[pixel], %[base]\n" NN_TAP "subs   %[count], #1\n"
                   "bne    1b\n"
                   : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
                     [weights] "+r"(*weights), [offsets] "+r"(offsets), [count] "+r"(count),
                     [pixel] "=&r"(pixel), [value] "=&r"(value), [weight] "=&r"(weight)
                   : [base] "r"(base)
                   : "cc", "memory");
    return sums;
}

#undef NN_TAP
#undef NN_CHANNEL

#elif defined(__thumb__) && defined(__OPTIMIZE__)

/* The sums are in high registers, which can be added to. Signed bytes are loaded from the sum of
 * two registers: r4 is 0 and r5 is 1. */
#define NN_CHANNEL(offset, sum)                                                                    \
    "ldrsb  r2, [r0, " offset "]\n"                                                                \
    "ldrsb  r3, [r1, " offset "]\n"                                                                \
    "muls   r2, r3\n"                                                                              \
    "add    " sum ", r2\n"
#define NN_TAP                                                                                     \
    NN_CHANNEL("r4", "r8")                                                                         \
    NN_CHANNEL("r5", "r9")                                                                         \
    "adds   r0, #2\n"                                                                              \
    "adds   r1, #2\n" NN_CHANNEL("r4", "r10") NN_CHANNEL("r5", "r11") "adds   r1, #2\n"
#define NN_SUMS                                                                                    \
    register int32_t a __asm("r8") = sums.a, b __asm("r9") = sums.b, c __asm("r10") = sums.c,      \
                       d __asm("r11") = sums.d;                                                    \
    register const int8_t *weight __asm("r1") = *weights;                                          \
    register int32_t zero __asm("r4") = 0, one __asm("r5") = 1

static inline nn_four_sums nn_multiply_3(nn_four_sums sums, const int8_t *pixel, int32_t step,
                                         const int8_t **weights) {
    NN_SUMS;
    register const int8_t *at __asm("r0") = pixel;
    register int32_t rest __asm("r12") = step - 2;
    __asm volatile(".syntax unified\n" NN_TAP "add    r0, r12\n" NN_TAP "add    r0, r12\n" NN_TAP
                   : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(weight), "+r"(at)
                   : "r"(zero), "r"(one), "r"(rest)
                   : "r2", "r3", "cc", "memory");
    *weights = weight;
    const nn_four_sums result = {a, b, c, d};
    return result;
}

static inline nn_four_sums nn_multiply_taps(nn_four_sums sums, const int8_t *base,
                                            const int32_t *offsets, int32_t count,
                                            const int8_t **weights) {
    NN_SUMS;
    register const int32_t *at __asm("r6") = offsets;
    register const int32_t *end __asm("lr") = offsets + count;
    register const int8_t *from __asm("r12") = base;
    __asm volatile(".syntax unified\n"
                   "1:\n"
                   "ldmia  r6!, {r0}\n"
                   "add    r0, r12\n" NN_TAP "cmp    r6, lr\n"
                   "bne    1b\n"
                   : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(weight), "+r"(at)
                   : "r"(zero), "r"(one), "r"(end), "r"(from)
                   : "r0", "r2", "r3", "cc", "memory");
    *weights = weight;
    const nn_four_sums result = {a, b, c, d};
    return result;
}

#undef NN_SUMS
#undef NN_TAP
#undef NN_CHANNEL

#else

static inline nn_four_sums nn_multiply_quad(nn_four_sums sums, const int8_t *pixel,
                                            const int8_t **weights) {
    const int8_t *const own = *weights;
    sums.a += pixel[0] * own[0];
    sums.b += pixel[1] * own[1];
    sums.c += pixel[2] * own[2];
    sums.d += pixel[3] * own[3];
    *weights = own + NN_QUAD;
    return sums;
}

static inline nn_four_sums nn_multiply_3(nn_four_sums sums, const int8_t *pixel, int32_t step,
                                         const int8_t **weights) {
    for (int x = 0; x < 3; x++) {
        sums = nn_multiply_quad(sums, pixel + x * step, weights);
    }
    return sums;
}

static inline nn_four_sums nn_multiply_taps(nn_four_sums sums, const int8_t *base,
                                            const int32_t *offsets, int32_t count,
                                            const int8_t **weights) {
    for (; count > 0; count--) {
        sums = nn_multiply_quad(sums, base + *offsets++, weights);
    }
    return sums;
}

#endif

#endif
