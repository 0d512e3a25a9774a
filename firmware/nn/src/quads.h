/* Products of four neighbouring channels, element by element: with the DSP extension, or in C. */
#ifndef NN_QUADS_H
#define NN_QUADS_H

#include <stdint.h>
#include <string.h>

#define NN_QUAD 4

/* Add to four sums the products of `count` pixels with as many weights, both `step` bytes apart. */
static inline void nn_multiply_quads(const int8_t *pixels, const int8_t *weights, int32_t count,
                                     int32_t step, int32_t sums[NN_QUAD]) {
#if defined(__ARM_FEATURE_DSP)
    int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (; count > 0; count--) {
        uint32_t pixel, weight, even_pixels, even_weights;
        memcpy(&pixel, pixels, sizeof pixel);
        memcpy(&weight, weights, sizeof weight);
        pixels += step;
        weights += step;
        __asm("sxtb16 %[even_pixels], %[pixel]\n"
              "sxtb16 %[even_weights], %[weight]\n"
              "sxtb16 %[pixel], %[pixel], ror #8\n"
              "sxtb16 %[weight], %[weight], ror #8\n"
              "smlabb %[a], %[even_pixels], %[even_weights], %[a]\n"
              "smlabb %[b], %[pixel], %[weight], %[b]\n"
              "smlatt %[c], %[even_pixels], %[even_weights], %[c]\n"
              "smlatt %[d], %[pixel], %[weight], %[d]\n"
              : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [pixel] "+r"(pixel),
                [weight] "+r"(weight), [even_pixels] "=&r"(even_pixels),
                [even_weights] "=&r"(even_weights));
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
#else
    for (; count > 0; count--) {
        for (int i = 0; i < NN_QUAD; i++) {
            sums[i] += pixels[i] * weights[i];
        }
        pixels += step;
        weights += step;
    }
#endif
}

#endif
