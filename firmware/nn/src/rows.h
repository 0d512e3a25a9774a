/* Products of a vector with rows of weights, four rows at once, with the DSP extension or without.
 */
#ifndef NN_ROWS_H
#define NN_ROWS_H

#include <stdint.h>
#include <string.h>

#include "dsp.h"

#define NN_ROWS 4

/* Sums of four rows; by value, so that they stay in registers. */
typedef struct {
    int32_t a, b, c, d;
} nn_row_sums;

#if NN_HAS_DSP

/* Four neighbouring elements, widened to 16 bits: the first and third, the second and fourth. */
typedef struct {
    uint32_t even, odd;
} nn_widened;

static inline nn_widened nn_widen_row(const int8_t *from) {
    uint32_t word;
    nn_widened four;
    memcpy(&word, from, sizeof word);
    __asm("sxtb16 %0, %1, ror #8" : "=r"(four.odd) : "r"(word));
    __asm("sxtb16 %0, %1" : "=r"(four.even) : "r"(word));
    return four;
}

static inline int32_t nn_add_products(nn_widened x, const int8_t *weights, int32_t sum) {
    const nn_widened w = nn_widen_row(weights);
    __asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x.even), "r"(w.even));
    __asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x.odd), "r"(w.odd));
    return sum;
}

#endif

/* The sum with the products of `count` elements of the input and of one row. */
static inline int32_t nn_dot_row(int32_t sum, const int8_t *input, const int8_t *weights,
                                 int32_t count) {
    int32_t i = 0;
#if NN_HAS_DSP
    for (; i + 4 <= count; i += 4) {
        sum = nn_add_products(nn_widen_row(input + i), weights + i, sum);
    }
#endif
    for (; i < count; i++) {
        sum += input[i] * weights[i];
    }
    return sum;
}

#if NN_HAS_DSP

/* Four elements of the input with those of four rows: 16 multiply-accumulates in 23 instructions.
 * The pointers are moved behind them. */
#define NN_WEIGHTS(address, sum)                                                                   \
    "ldr    %[even], " address "\n"                                                                \
    "sxtb16 %[odd], %[even], ror #8\n"                                                             \
    "sxtb16 %[even], %[even]\n"                                                                    \
    "smlad  %[" sum "], %[x_even], %[even], %[" sum "]\n"                                          \
    "smlad  %[" sum "], %[x_odd], %[odd], %[" sum "]\n"
#define NN_FOUR_COLUMNS                                                                            \
    "ldr    %[x_even], [%[input]], #4\n"                                                           \
    "sxtb16 %[x_odd], %[x_even], ror #8\n"                                                         \
    "sxtb16 %[x_even], %[x_even]\n" NN_WEIGHTS("[%[first], %[step]]", "b")                         \
        NN_WEIGHTS("[%[first]], #4", "a") NN_WEIGHTS("[%[third], %[step]]", "d")                   \
            NN_WEIGHTS("[%[third]], #4", "c")
#define NN_COLUMNS(code)                                                                           \
    __asm volatile(                                                                                \
        code                                                                                       \
        : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),                  \
          [first] "+r"(weights), [third] "+r"(third), [input] "+r"(input), [even] "=&r"(even),     \
          [odd] "=&r"(odd), [x_even] "=&r"(x_even), [x_odd] "=&r"(x_odd)                           \
        : [step] "r"(count)                                                                        \
        : "memory")

/* The same for four rows, each `count` bytes after the one before; one element at least. */
static inline nn_row_sums nn_dot_rows(nn_row_sums sums, const int8_t *input, const int8_t *weights,
                                      int32_t count) {
    int32_t left = count;
    const int8_t *third = weights + 2 * count;
    uint32_t even, odd, x_even, x_odd;
    for (; left >= 16; left -= 16) {
        NN_COLUMNS(NN_FOUR_COLUMNS NN_FOUR_COLUMNS NN_FOUR_COLUMNS NN_FOUR_COLUMNS);
    }
    for (; left >= 4; left -= 4) {
        NN_COLUMNS(NN_FOUR_COLUMNS);
    }
    sums.a = nn_dot_row(sums.a, input, weights, left);
    sums.b = nn_dot_row(sums.b, input, weights + count, left);
    sums.c = nn_dot_row(sums.c, input, weights + 2 * count, left);
    sums.d = nn_dot_row(sums.d, input, weights + 3 * count, left);
    return sums;
}

#undef NN_COLUMNS
#undef NN_FOUR_COLUMNS
#undef NN_WEIGHTS

#elif defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__)

/* The sums are in high registers, which can be added to; signed bytes are loaded from the sum of
 * two registers. */
#define NN_WEIGHT(row, index, sum)                                                                 \
    "ldrsb  r6, [" row ", " index "]\n"                                                            \
    "muls   r6, r5\n"                                                                              \
    "add    " sum ", r6\n"

static inline nn_row_sums nn_dot_rows(nn_row_sums sums, const int8_t *input, const int8_t *weights,
                                      int32_t count) {
    register int32_t a __asm("r8") = sums.a, b __asm("r9") = sums.b;
    register int32_t c __asm("r10") = sums.c, d __asm("r11") = sums.d;
    register const int8_t *end __asm("r0") = input + count;
    register const int8_t *second_end __asm("r1") = weights + 2 * count;
    register const int8_t *fourth_end __asm("r2") = weights + 4 * count;
    register int32_t here __asm("r3") = -count, above __asm("r4") = -2 * count;
    __asm volatile(".syntax unified\n"
                   "1:\n"
                   "ldrsb  r5, [r0, r3]\n"                                 /* */
                   NN_WEIGHT("r1", "r4", "r8") NN_WEIGHT("r1", "r3", "r9") /* */
                   NN_WEIGHT("r2", "r4", "r10") NN_WEIGHT("r2", "r3", "r11") "adds   r4, #1\n"
                                                                             "adds   r3, #1\n"
                                                                             "bne    1b\n"
                   : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(here), "+r"(above)
                   : "r"(end), "r"(second_end), "r"(fourth_end)
                   : "r5", "r6", "cc", "memory");
    const nn_row_sums result = {a, b, c, d};
    return result;
}

#undef NN_WEIGHT

#else

static inline nn_row_sums nn_dot_rows(nn_row_sums sums, const int8_t *input, const int8_t *weights,
                                      int32_t count) {
    const int8_t *second = weights + count, *third = second + count, *fourth = third + count;
    for (const int8_t *const end = input + count; input < end; input++) {
        sums.a += *input * *weights++;
        sums.b += *input * *second++;
        sums.c += *input * *third++;
        sums.d += *input * *fourth++;
    }
    return sums;
}

#endif

#endif
