/* Products of four neighbouring channels, element by element: with the DSP extension, or in C. */
#ifndef NN_QUADS_H
#define NN_QUADS_H

#include <stdint.h>
#include <string.h>

#include "dsp.h"

#define NN_QUAD 4

/* Sums of four channels; by value, so that they stay in registers. */
typedef struct {
    int32_t a, b, c, d;
} nn_quad_sums;

/* The sums with the products of four channels of a pixel and their weights. */
static inline nn_quad_sums nn_multiply_quad(nn_quad_sums sums, const int8_t *pixel,
                                            const int8_t *weights) {
#if NN_HAS_DSP
    uint32_t odd_pixel, odd_weights, even_pixel, even_weights;
    memcpy(&odd_pixel, pixel, sizeof odd_pixel);
    memcpy(&odd_weights, weights, sizeof odd_weights);
    __asm("sxtb16 %[even_pixel], %[odd_pixel]\n"
          "sxtb16 %[even_weights], %[odd_weights]\n"
          "sxtb16 %[odd_pixel], %[odd_pixel], ror #8\n"
          "sxtb16 %[odd_weights], %[odd_weights], ror #8\n"
          "smlabb %[a], %[even_pixel], %[even_weights], %[a]\n"
          "smlabb %[b], %[odd_pixel], %[odd_weights], %[b]\n"
          "smlatt %[c], %[even_pixel], %[even_weights], %[c]\n"
          "smlatt %[d], %[odd_pixel], %[odd_weights], %[d]\n"
          : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
            [odd_pixel] "+r"(odd_pixel), [odd_weights] "+r"(odd_weights),
            [even_pixel] "=&r"(even_pixel), [even_weights] "=&r"(even_weights));
#else
    sums.a += pixel[0] * weights[0];
    sums.b += pixel[1] * weights[1];
    sums.c += pixel[2] * weights[2];
    sums.d += pixel[3] * weights[3];
#endif
    return sums;
}

/* The nine products of a 3 x 3 kernel; pixels are `step` bytes apart, rows `row_step`. */
static inline nn_quad_sums nn_multiply_3x3(nn_quad_sums sums, const int8_t *pixel, int32_t step,
                                           int32_t row_step, const int8_t *weights) {
#if NN_HAS_DSP
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
#define NN_ROW                                                                                     \
    NN_TAP("[%[pixel]]")                                                                           \
    NN_TAP("[%[pixel], %[step]]")                                                                  \
    NN_TAP("[%[pixel], %[step], lsl #1]")
    uint32_t odd, odd_weights, even, even_weights;
    __asm volatile(
        NN_ROW "add %[pixel], %[row_step]\n" NN_ROW "add %[pixel], %[row_step]\n" NN_ROW
        : [a] "+r"(sums.a), [b] "+r"(sums.b), [c] "+r"(sums.c), [d] "+r"(sums.d),
          [pixel] "+r"(pixel), [weights] "+r"(weights), [odd] "=&r"(odd),
          [odd_weights] "=&r"(odd_weights), [even] "=&r"(even), [even_weights] "=&r"(even_weights)
        : [step] "r"(step), [row_step] "r"(row_step)
        : "memory");
#undef NN_ROW
#undef NN_TAP
#else
    for (int y = 0; y < 3; y++) {
        for (int x = 0; x < 3; x++) {
            sums = nn_multiply_quad(sums, pixel + x * step, weights);
            weights += NN_QUAD;
        }
        pixel += row_step;
    }
#endif
    return sums;
}

#endif
