/*
 * Sums of products of four patches of an image with the weights of one channel.
 *
 * Four patches lie interleaved in scratch memory, widened to 16 bits. A group is four elements of
 * each patch, 16 values of 16 bits. Their order is private to what widens and multiplies them, of
 * which there are two: here for cores with the DSP extension, which multiply and add two elements
 * in one instruction, and in patch_pairs.h for others. Both give the same bits.
 *
 * With the DSP extension, a group is four elements of the first patch, four of the second, and so
 * on.
 */
#ifndef NN_PATCHES_H
#define NN_PATCHES_H

#include <stdint.h>
#include <string.h>

#include "dsp.h"
#include "four_sums.h"

#define NN_PATCHES 4
#define NN_GROUP 4                              /* elements of one patch in a group */
#define NN_GROUP_VALUES (NN_PATCHES * NN_GROUP) /* values of all patches in a group */

#if NN_HAS_DSP

#define NN_PATCH_STEP NN_GROUP /* values from a patch to the next */

/* Whether this many neighbouring elements are widened where they lie: whole groups are. */
#define NN_IS_WIDENED(elements) ((elements) % NN_GROUP == 0)

/* How often a loop over groups runs, and the bytes of its code that the first round jumps over. */
typedef struct {
    int32_t count, skipped_bytes;
} nn_rounds;

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

/* One group: 16 multiply-accumulates in 13 instructions of 4 bytes each. r7 is left to frame
 * pointers. */
#define NN_DOT_GROUP                                                                               \
    "ldr.w  %[even], [%[weights]], #4\n"                                                           \
    "ldmia.w %[patches]!, {r4, r5, r6, r8}\n"                                                      \
    "sxtb16 %[odd], %[even], ror #8\n"                                                             \
    "sxtb16 %[even], %[even]\n"                                                                    \
    "smlad  %[a], %[even], r4, %[a]\n"                                                             \
    "smlad  %[a], %[odd], r5, %[a]\n"                                                              \
    "smlad  %[b], %[even], r6, %[b]\n"                                                             \
    "smlad  %[b], %[odd], r8, %[b]\n"                                                              \
    "ldmia.w %[patches]!, {r4, r5, r6, r8}\n"                                                      \
    "smlad  %[c], %[even], r4, %[c]\n"                                                             \
    "smlad  %[c], %[odd], r5, %[c]\n"                                                              \
    "smlad  %[d], %[even], r6, %[d]\n"                                                             \
    "smlad  %[d], %[odd], r8, %[d]\n"

#define NN_DOT_GROUP_BYTES (13 * 4)

/* Four groups in each round; the first round begins within them. */
static inline nn_rounds nn_make_rounds(int32_t groups) {
    const int32_t count = (groups + 3) >> 2;
    const nn_rounds rounds = {count, (4 * count - groups) * NN_DOT_GROUP_BYTES};
    return rounds;
}

/* Add to each of the four sums its patch's product with the weights, which are passed over. */
static inline nn_four_sums nn_dot_4(nn_four_sums sums, const int16_t *patches, nn_rounds rounds,
                                    const int8_t **weights) {
    int32_t odd;
    __asm volatile("add    pc, %[even]\n" /* pc is 4 bytes further: behind the nop */
                   "nop\n"
                   "1:\n" NN_DOT_GROUP NN_DOT_GROUP NN_DOT_GROUP NN_DOT_GROUP /* */
                   "subs   %[rounds], %[rounds], #1\n"
                   "bne    1b\n"
                   : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
                     [weights] "+r"(*weights), [patches] "+r"(patches), [rounds] "+r"(rounds.count),
                     [even] "+r"(rounds.skipped_bytes), [odd] "=&r"(odd)
                   :
                   : "r4", "r5", "r6", "r8", "cc", "memory");
    return sums;
}

#else

#include "patch_pairs.h"

#endif

#endif
