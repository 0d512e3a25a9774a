/*
 * Sums of products of four patches of an image with the weights of one channel.
 *
 * Four patches lie interleaved in scratch memory, widened to 16 bits: four elements of the first,
 * four of the second, and so on, then the next four elements of each. A group is four elements of
 * each patch, 16 words of 16 bits. The order of the four inside a group is private to the pair
 * nn_widen and nn_dot_4, of which there are two: one for cores with the DSP extension, which
 * multiply and add two elements in one instruction, and one in portable C. Both give the same bits.
 */
#ifndef NN_PATCHES_H
#define NN_PATCHES_H

#include <stdint.h>
#include <string.h>

#include "dsp.h"

#define NN_PATCHES 4
#define NN_GROUP 4                              /* elements of one patch in a group */
#define NN_GROUP_VALUES (NN_PATCHES * NN_GROUP) /* values of all patches in a group */

#if NN_HAS_DSP

/* Store four elements, the first in the lowest byte: the first and third, then the others. */
static inline void nn_widen_word(uint32_t word, int16_t *to) {
    uint32_t *const pairs = __builtin_assume_aligned(to, 4);
    uint32_t even, odd;
    __asm("sxtb16 %0, %1" : "=r"(even) : "r"(word));
    __asm("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(word));
    memcpy(pairs, &even, sizeof even);
    memcpy(pairs + 1, &odd, sizeof odd);
}

static inline uint32_t nn_word_at(const int8_t *from) {
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

static inline void nn_widen(const int8_t *from, int16_t *to) {
    nn_widen_word(nn_word_at(from), to);
}

/* One group: 16 multiply-accumulates in 13 instructions. r7 is left to frame pointers. */
#define NN_DOT_GROUP                                                                               \
    "ldr    %[even], [%[weights]], #4\n"                                                           \
    "ldmia  %[patches]!, {r4, r5, r6, r8}\n"                                                       \
    "sxtb16 %[odd], %[even], ror #8\n"                                                             \
    "sxtb16 %[even], %[even]\n"                                                                    \
    "smlad  %[a], %[even], r4, %[a]\n"                                                             \
    "smlad  %[a], %[odd], r5, %[a]\n"                                                              \
    "smlad  %[b], %[even], r6, %[b]\n"                                                             \
    "smlad  %[b], %[odd], r8, %[b]\n"                                                              \
    "ldmia  %[patches]!, {r4, r5, r6, r8}\n"                                                       \
    "smlad  %[c], %[even], r4, %[c]\n"                                                             \
    "smlad  %[c], %[odd], r5, %[c]\n"                                                              \
    "smlad  %[d], %[even], r6, %[d]\n"                                                             \
    "smlad  %[d], %[odd], r8, %[d]\n"

/* Add to each of the four sums its patch's product with the weights; two groups in each round,
 * the odd one first. Gives the weights behind those. */
static inline const int8_t *nn_dot_4(const int16_t *patches, const int8_t *weights, int32_t groups,
                                     int32_t sums[NN_PATCHES]) {
    int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    int32_t even, odd;
    __asm volatile(
        "lsrs   %[groups], %[groups], #1\n" /* the flags last: no instruction of a group sets any */
        "bcc    1f\n" NN_DOT_GROUP          /* */
        "1: beq 3f\n"
        "2:\n" NN_DOT_GROUP NN_DOT_GROUP /* */
        "subs   %[groups], %[groups], #1\n"
        "bne    2b\n"
        "3:\n"
        : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [weights] "+r"(weights),
          [patches] "+r"(patches), [groups] "+r"(groups), [even] "=&r"(even), [odd] "=&r"(odd)
        :
        : "r4", "r5", "r6", "r8", "cc", "memory");
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return weights;
}

#else

static inline void nn_widen(const int8_t *from, int16_t *to) {
    for (int i = 0; i < NN_GROUP; i++) {
        to[i] = from[i];
    }
}

static inline const int8_t *nn_dot_4(const int16_t *patches, const int8_t *weights, int32_t groups,
                                     int32_t sums[NN_PATCHES]) {
    for (; groups > 0; groups--) {
        for (int patch = 0; patch < NN_PATCHES; patch++) {
            for (int i = 0; i < NN_GROUP; i++) {
                sums[patch] += weights[i] * patches[patch * NN_GROUP + i];
            }
        }
        patches += NN_GROUP_VALUES;
        weights += NN_GROUP;
    }
    return weights;
}

#endif

#endif
