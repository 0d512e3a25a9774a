/*
 * Sums of products of four patches without the DSP extension: one multiplication for two patches.
 *
 * A word holds the same element of two patches, the second one 2^16 times as large: the word is
 * first + 2^16 * second. Its product with a weight holds both products. Two such products are
 * added, and then the halves are taken apart, because 16 bits hold no more of them:
 *
 *   first half:  [-32512, 32768] + NN_PAIR_LOW  lies in [0, 65280]: nothing is borrowed
 *   second half: [-32512, 32768] - NN_PAIR_HIGH lies in [-32768, 32512]
 *
 * The second halves are summed up, and the words as they are, which wrap. At the end, the sum of
 * the first halves is what is left of the words.
 *
 * A group has eight words: an element of patches 0 and 1, the same of 2 and 3, the next element.
 * So patch i begins i halves after the group. One that begins in the middle of a word is added to
 * it: the even patch must be widened before the odd one.
 */
#ifndef NN_PATCH_PAIRS_H
#define NN_PATCH_PAIRS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "four_sums.h"

#define NN_PATCH_STEP 1 /* values from a patch to the next */

/* Whether this many neighbouring elements are widened where they lie: any number is. */
#define NN_IS_WIDENED(elements) ((void)(elements), true)

#define NN_PAIR_LOW 0x7F00U
#define NN_PAIR_HIGH 256U
#define NN_PAIR_START (NN_PAIR_LOW - (NN_PAIR_HIGH << 16))

typedef struct {
    int32_t count;
} nn_rounds;

static inline nn_rounds nn_make_rounds(int32_t groups) {
    const nn_rounds rounds = {groups};
    return rounds;
}

static inline uint32_t nn_pair_at(const int16_t *from) {
    uint32_t pair;
    memcpy(&pair, __builtin_assume_aligned(from, sizeof pair), sizeof pair);
    return pair;
}

static inline void nn_put_pair(int16_t *to, uint32_t pair) {
    memcpy(__builtin_assume_aligned(to, sizeof pair), &pair, sizeof pair);
}

/* Whether a patch is the second one of its pair. */
static inline bool nn_is_second(const int16_t *to) {
    return ((uintptr_t)to & sizeof(int16_t)) != 0;
}

static inline void nn_put_first(int16_t *to, int32_t value) { nn_put_pair(to, (uint32_t)value); }

static inline void nn_put_second(int16_t *to, int32_t value) {
    nn_put_pair(to - 1, nn_pair_at(to - 1) + ((uint32_t)value << 16));
}

/* The sums of two patches while they are made. */
typedef struct {
    uint32_t words, second;
} nn_pair_sums;

static inline nn_pair_sums nn_start_pair(int32_t first, int32_t second, int32_t groups) {
    const uint32_t removed = (uint32_t)groups * 2 * NN_PAIR_HIGH; /* two products of a group */
    const uint32_t added = (uint32_t)groups * 2 * NN_PAIR_LOW;
    nn_pair_sums start;
    start.second = (uint32_t)second + removed;
    start.words = (uint32_t)first + (start.second << 16) - added;
    return start;
}

static inline uint32_t nn_first_sum(nn_pair_sums sums) { return sums.words - (sums.second << 16); }

#if defined(__thumb2__) && defined(__OPTIMIZE__)

/* Two elements: 8 multiply-accumulates in 11 instructions. r7 is left to frame pointers. */
#define NN_DOT_TWO                                                                                 \
    "ldrsb  %[weight], [%[weights]], #1\n"                                                         \
    "ldmia  %[patches]!, {r4, r5, r6, r8}\n"                                                       \
    "mla    r4, r4, %[weight], %[start]\n"                                                         \
    "mla    r5, r5, %[weight], %[start]\n"                                                         \
    "ldrsb  %[weight], [%[weights]], #1\n"                                                         \
    "mla    r4, r6, %[weight], r4\n"                                                               \
    "mla    r5, r8, %[weight], r5\n"                                                               \
    "add    %[ab], r4\n"                                                                           \
    "add    %[cd], r5\n"                                                                           \
    "add    %[b], %[b], r4, asr #16\n"                                                             \
    "add    %[d], %[d], r5, asr #16\n"

static inline void nn_dot_pairs(nn_pair_sums *ab, nn_pair_sums *cd, const int16_t *patches,
                                int32_t groups, const int8_t **weights) {
    int32_t weight;
    __asm volatile("1:\n" NN_DOT_TWO NN_DOT_TWO /* */
                   "subs   %[groups], #1\n"
                   "bne    1b\n"
                   : [ab] "+r"(ab->words), [b] "+r"(ab->second), [cd] "+r"(cd->words),
                     [d] "+r"(cd->second), [weights] "+r"(*weights), [patches] "+r"(patches),
                     [groups] "+r"(groups), [weight] "=&r"(weight)
                   : [start] "r"(NN_PAIR_START)
                   : "r4", "r5", "r6", "r8", "cc", "memory");
}

#undef NN_DOT_TWO

#elif defined(__thumb__) && defined(__OPTIMIZE__)

/* Two elements: 8 multiply-accumulates in 20 instructions. */
#define NN_DOT_TWO                                                                                 \
    "ldmia  r0!, {r4, r5}\n"                                                                       \
    "ldrsb  r3, [r1, r2]\n"                                                                        \
    "adds   r2, #1\n"                                                                              \
    "muls   r4, r3\n"                                                                              \
    "muls   r5, r3\n"                                                                              \
    "ldmia  r0!, {r6, r7}\n"                                                                       \
    "ldrsb  r3, [r1, r2]\n"                                                                        \
    "muls   r6, r3\n"                                                                              \
    "muls   r7, r3\n"                                                                              \
    "adds   r4, r6\n"                                                                              \
    "adds   r5, r7\n"                                                                              \
    "add    r4, r12\n"                                                                             \
    "add    r5, r12\n"                                                                             \
    "add    r8, r4\n"                                                                              \
    "add    r10, r5\n"                                                                             \
    "asrs   r4, #16\n"                                                                             \
    "asrs   r5, #16\n"                                                                             \
    "add    r9, r4\n"                                                                              \
    "add    r11, r5\n"                                                                             \
    "adds   r2, #1\n"

/* With all registers; r7 may be a frame pointer, so it is kept in lr. */
static inline void nn_dot_pairs(nn_pair_sums *ab, nn_pair_sums *cd, const int16_t *patches,
                                int32_t groups, const int8_t **weights) {
    register uint32_t ab_words __asm("r8") = ab->words, ab_second __asm("r9") = ab->second;
    register uint32_t cd_words __asm("r10") = cd->words, cd_second __asm("r11") = cd->second;
    register const int16_t *at __asm("r0") = patches;
    register const int8_t *end __asm("r1") = *weights + groups * NN_GROUP;
    register int32_t index __asm("r2") = -groups * NN_GROUP;
    register uint32_t start __asm("r12") = NN_PAIR_START;
    __asm volatile(".syntax unified\n"
                   "mov    lr, r7\n"
                   "1:\n" NN_DOT_TWO NN_DOT_TWO /* */
                   "bne    1b\n"
                   "mov    r7, lr\n"
                   : "+r"(ab_words), "+r"(ab_second), "+r"(cd_words), "+r"(cd_second), "+r"(at),
                     "+r"(index)
                   : "r"(end), "r"(start)
                   : "r3", "r4", "r5", "r6", "lr", "cc", "memory");
    *weights = end;
    ab->words = ab_words;
    ab->second = ab_second;
    cd->words = cd_words;
    cd->second = cd_second;
}

#undef NN_DOT_TWO

#else

/* The sums with the products of two elements, `patches` of the first one, and their weights. */
static inline nn_pair_sums nn_dot_two(nn_pair_sums sums, const int16_t *patches,
                                      const int8_t *weights) {
    const int32_t first = weights[0], second = weights[1];
    uint32_t product = NN_PAIR_START + nn_pair_at(patches) * (uint32_t)first;
    product += nn_pair_at(patches + NN_PATCHES) * (uint32_t)second;
    sums.words += product;
    sums.second += (uint32_t)((int32_t)product >> 16);
    return sums;
}

static inline void nn_dot_pairs(nn_pair_sums *ab, nn_pair_sums *cd, const int16_t *patches,
                                int32_t groups, const int8_t **weights) {
    for (; groups > 0; groups--) {
        for (int i = 0; i < NN_GROUP; i += 2) {
            *ab = nn_dot_two(*ab, patches + i * NN_PATCHES, *weights + i);
            *cd = nn_dot_two(*cd, patches + i * NN_PATCHES + 2, *weights + i);
        }
        *weights += NN_GROUP;
        patches += NN_GROUP_VALUES;
    }
}

#endif

/* Add to each of the four sums its patch's product with the weights, which are passed over; one
 * group at least. */
static inline nn_four_sums nn_dot_4(nn_four_sums sums, const int16_t *patches, nn_rounds rounds,
                                    const int8_t **weights) {
    nn_pair_sums ab = nn_start_pair(sums.a, sums.b, rounds.count);
    nn_pair_sums cd = nn_start_pair(sums.c, sums.d, rounds.count);
    nn_dot_pairs(&ab, &cd, patches, rounds.count, weights);
    const nn_four_sums result = {(int32_t)nn_first_sum(ab), (int32_t)ab.second,
                                 (int32_t)nn_first_sum(cd), (int32_t)cd.second};
    return result;
}

#endif
