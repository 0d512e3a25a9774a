/* Products of four neighbouring channels, element by element, with the DSP extension or without. */
#ifndef NN_QUADS_H
#define NN_QUADS_H

#include <stdint.h>
#include <string.h>

#include "dsp.h"
#include "four_sums.h"

#define NN_QUAD 4

#if NN_HAS_DSP

/* The products of three pixels, `step` bytes apart, with the weights, which are passed over. */
static inline nn_four_sums nn_multiply_3(nn_four_sums sums, const int8_t *pixel, int32_t step,
                                         const int8_t **weights) {
#define NN_TAP(address)                                                                            \
    "ldr    %[odd], " address "\n"                                                                 \
    "ldr    %[odd_weights], [%[weights]], #4\n"                                                    \
    "sxtb16 %[even], %[odd]\n"                                                                     \
    "sxtb16 %[even_weights], %[odd_weights]\n"                                                     \
    "sxtb16 %[odd], %[odd], ror #8\n"                                                              \
    "sxtb16 %[odd_weights], %[odd_weights], ror #8\n"                                              \
    "smlabb %[a], %[even], %[even_weights], %[a]\n"                                                \
    "smlabb %[b], %[odd], %[odd_weights], %[b]\n"                                                  \
    "smlatt %[c], %[even], %[even_weights], %[c]\n"                                                \
    "smlatt %[d], %[odd], %[odd_weights], %[d]\n"
    uint32_t odd, odd_weights, even, even_weights;
    __asm volatile(NN_TAP("[%[pixel]]") NN_TAP("[%[pixel], %[step]]")
                       NN_TAP("[%[pixel], %[step], lsl #1]")
                   : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
                     [weights] "+r"(*weights), [odd] "=&r"(odd), [odd_weights] "=&r"(odd_weights),
                     [even] "=&r"(even), [even_weights] "=&r"(even_weights)
                   : [pixel] "r"(pixel), [step] "r"(step)
                   : "memory");
#undef NN_TAP
    return sums;
}

/* The products of `count` pixels, each at its offset from the base; passes over the weights. */
static inline nn_four_sums nn_multiply_taps(nn_four_sums sums, const int8_t *base,
                                            const int32_t *offsets, int32_t count,
                                            const int8_t **weights) {
#define NN_TAP                                                                                     \
    "ldr.w  %[odd], [%[offsets]], #4\n"                                                            \
    "ldr.w  %[odd_weights], [%[weights]], #4\n"                                                    \
    "ldr.w  %[odd], [%[base], %[odd]]\n"                                                           \
    "sxtb16 %[even_weights], %[odd_weights]\n"                                                     \
    "sxtb16 %[odd_weights], %[odd_weights], ror #8\n"                                              \
    "sxtb16 %[even], %[odd]\n"                                                                     \
    "sxtb16 %[odd], %[odd], ror #8\n"                                                              \
    "smlabb %[a], %[even], %[even_weights], %[a]\n"                                                \
    "smlabb %[b], %[odd], %[odd_weights], %[b]\n"                                                  \
    "smlatt %[c], %[even], %[even_weights], %[c]\n"                                                \
    "smlatt %[d], %[odd], %[odd_weights], %[d]\n"
    /* Three taps in each round, of 11 instructions of 4 bytes; the first round begins within. */
    int32_t rounds = (count + 2) / 3;
    const int32_t skipped_bytes = (3 * rounds - count) * 11 * 4;
    const int8_t *at = *weights;
    /* One by one: where nothing is inlined, a whole struct would take registers of its own. */
    int32_t a = sums.a, b = sums.b, c = sums.c, d = sums.d;
    uint32_t odd, odd_weights, even, even_weights;
    __asm volatile(
        "ldr    %[odd], %[skipped]\n"
        "add    pc, %[odd]\n" /* pc is 4 bytes further: behind the nop */
        "nop\n"
        "1:\n" NN_TAP NN_TAP NN_TAP "subs   %[rounds], %[rounds], #1\n"
        "bne    1b\n"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [weights] "+r"(at),
          [offsets] "+r"(offsets), [rounds] "+r"(rounds), [odd] "=&r"(odd),
          [odd_weights] "=&r"(odd_weights), [even] "=&r"(even), [even_weights] "=&r"(even_weights)
        : [base] "r"(base), [skipped] "m"(skipped_bytes)
        : "cc", "memory");
    *weights = at;
    const nn_four_sums result = {a, b, c, d};
    return result;
#undef NN_TAP
}

#else

#include "plain_quads.h"

#endif

/* The nine products of a 3 x 3 kernel, whose weights are passed over; pixels are `step` bytes
 * apart, the second row is `to_second` after the first one, the third `to_third` after the second.
 */
static inline nn_four_sums nn_multiply_3x3(nn_four_sums sums, const int8_t *pixel, int32_t step,
                                           int32_t to_second, int32_t to_third,
                                           const int8_t **weights) {
    sums = nn_multiply_3(sums, pixel, step, weights);
    pixel += to_second;
    sums = nn_multiply_3(sums, pixel, step, weights);
    return nn_multiply_3(sums, pixel + to_third, step, weights);
}

#endif
