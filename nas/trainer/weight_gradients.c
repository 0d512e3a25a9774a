#include <stddef.h>
#include <stdlib.h>

#include "convolution.h"

/* Channels of a block. Their sums must fit in the registers: processors have 32 or 16. */
#if defined(__AVX512F__)
#define MOST_INPUTS 3
#define MOST_OUTPUTS 4
#elif defined(__AVX__) || defined(__aarch64__)
#define MOST_INPUTS 2
#define MOST_OUTPUTS 3
#else
#define MOST_INPUTS 1
#define MOST_OUTPUTS 2
#endif
#define CHUNK_BYTES (192 * 1024) /* of rows that each tap reads; they fit in the cache */

/* The input pixels that a tap reads, and the gradients of the output pixels that it contributes to.
 * `input` and `gradients` are the first ones. Steps are in lanes, from a row or a pixel to the
 * next. */
typedef struct {
    int32_t rows, columns;
    ptrdiff_t in_row, in_pixel, out_row, out_pixel;
    const lanes *input, *gradients;
} pixel_pairs;

/* Sum the products of a block of input channels and a block of output channels over all pairs. */
INLINE void sum_products(int32_t inputs, int32_t outputs, const pixel_pairs *of,
                         int32_t out_channels, const lanes *input, const lanes *gradients,
                         lanes *sums) {
    vector own[3][4][PARTS];
    for (int32_t i = 0; i < inputs; i++) {
        for (int32_t o = 0; o < outputs; o++) {
            for (int p = 0; p < PARTS; p++) {
                own[i][o][p] = parts(sums + i * out_channels + o)[p];
            }
        }
    }
    const ptrdiff_t in_pixel = of->in_pixel * PARTS, out_pixel = of->out_pixel * PARTS;
    const int32_t columns = of->columns;
    for (int32_t y = 0; y < of->rows; y++) {
        const vector *from = parts(input + y * of->in_row);
        const vector *with = parts(gradients + y * of->out_row);
        for (int32_t x = 0; x < columns; x++) {
            for (int32_t i = 0; i < inputs; i++) {
                for (int32_t o = 0; o < outputs; o++) {
                    for (int p = 0; p < PARTS; p++) {
                        own[i][o][p] += from[i * PARTS + p] * with[o * PARTS + p];
                    }
                }
            }
            from += in_pixel;
            with += out_pixel;
        }
    }
    for (int32_t i = 0; i < inputs; i++) {
        for (int32_t o = 0; o < outputs; o++) {
            for (int p = 0; p < PARTS; p++) {
                parts_of(sums + i * out_channels + o)[p] = own[i][o][p];
            }
        }
    }
}

static void sum_any_products(int32_t inputs, int32_t outputs, const pixel_pairs *of,
                             int32_t out_channels, const lanes *input, const lanes *gradients,
                             lanes *sums) {
#define CASE(i, o)                                                                                 \
    case 8 * (i) + (o):                                                                            \
        sum_products(i, o, of, out_channels, input, gradients, sums);                              \
        break;
    switch (8 * inputs + outputs) {
        CASE(1, 1)
        CASE(1, 2)
        CASE(1, 3)
        CASE(1, 4)
        CASE(2, 1)
        CASE(2, 2)
        CASE(2, 3)
        CASE(2, 4)
        CASE(3, 1)
        CASE(3, 2)
        CASE(3, 3)
        CASE(3, 4)
    default:
        abort(); /* blocks have no other sizes */
    }
#undef CASE
}

/* Add the gradients of all weights of one tap. */
static void add_tap(const kernels *k, const pixel_pairs *of, lanes *sums) {
    const int32_t in_channels = k->in_channels, out_channels = k->out_channels;
    const int32_t in_blocks = (in_channels + MOST_INPUTS - 1) / MOST_INPUTS;
    const int32_t out_blocks = (out_channels + MOST_OUTPUTS - 1) / MOST_OUTPUTS;
    for (int32_t i = 0; i < in_blocks; i++) {
        const int32_t ci = i * in_channels / in_blocks;
        const int32_t inputs = (i + 1) * in_channels / in_blocks - ci;
        for (int32_t o = 0; o < out_blocks; o++) {
            const int32_t co = o * out_channels / out_blocks;
            const int32_t outputs = (o + 1) * out_channels / out_blocks - co;
            sum_any_products(inputs, outputs, of, out_channels, of->input + ci, of->gradients + co,
                             sums + (ptrdiff_t)ci * out_channels + co);
        }
    }
}

/* The pixel pairs of a tap for the output rows [y, end). */
static pixel_pairs pairs_of(const kernels *k, int32_t tap, int32_t y, int32_t end,
                            const lanes *input, const lanes *gradients) {
    const reach down = windows_of(k->rows, tap / k->columns.kernel);
    const reach right = windows_of(k->columns, tap % k->columns.kernel);
    const int32_t first = down.first > y ? down.first : y;
    const ptrdiff_t in_row = (ptrdiff_t)k->columns.in * k->in_channels;
    const ptrdiff_t out_row = (ptrdiff_t)k->columns.out * k->out_channels;
    pixel_pairs of = {.rows = smaller(end, down.end) - first, .columns = right.end - right.first};
    if (of.rows > 0 && of.columns > 0) {
        const int32_t row = down.start + (first - down.first) * k->rows.stride;
        of.in_row = in_row * k->rows.stride;
        of.in_pixel = (ptrdiff_t)k->in_channels * k->columns.stride;
        of.out_row = out_row;
        of.out_pixel = k->out_channels;
        of.input = input + row * in_row + (ptrdiff_t)right.start * k->in_channels;
        of.gradients = gradients + first * out_row + (ptrdiff_t)right.first * k->out_channels;
    }
    return of;
}

void add_weight_gradients(const kernels *k, const lanes *input, const lanes *output_gradients,
                          lanes *weight_gradients) {
    const int64_t in_row = (int64_t)k->columns.in * k->in_channels;
    const int64_t out_row = (int64_t)k->columns.out * k->out_channels;
    const int64_t row_bytes = (in_row * k->rows.stride + out_row) * (int64_t)sizeof(lanes);
    const int32_t chunk = row_bytes < CHUNK_BYTES ? (int32_t)(CHUNK_BYTES / row_bytes) : 1;
    for (int32_t y = 0; y < k->rows.out; y += chunk) {
        const int32_t end = smaller(y + chunk, k->rows.out);
        lanes *sums = weight_gradients;
        for (int32_t tap = 0; tap < taps_in(k); tap++) {
            const pixel_pairs of = pairs_of(k, tap, y, end, input, output_gradients);
            if (of.rows > 0 && of.columns > 0) {
                add_tap(k, &of, sums);
            }
            sums += (ptrdiff_t)k->in_channels * k->out_channels;
        }
    }
}
