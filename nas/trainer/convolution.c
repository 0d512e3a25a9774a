#include "convolution.h"

#include <stddef.h>
#include <stdlib.h>

#define INLINE static inline __attribute__((always_inline))
/* Sums of a block: as many as stay in registers, of which processors have 32 or 16. */
#if defined(__AVX512F__)
#define MOST_OUTPUTS 6
#define MOST_GRADIENT_INPUTS 3
#define MOST_GRADIENT_OUTPUTS 4
#elif defined(__AVX__) || defined(__aarch64__)
#define MOST_OUTPUTS 6
#define MOST_GRADIENT_INPUTS 2
#define MOST_GRADIENT_OUTPUTS 3
#else
#define MOST_OUTPUTS 2
#define MOST_GRADIENT_INPUTS 1
#define MOST_GRADIENT_OUTPUTS 2
#endif
#define CHUNK_BYTES (192 * 1024) /* of rows that are gone through again and again */

/* Rows or columns of the kernel that lie inside the image, from `first` to before `end`. */
typedef struct {
    int32_t first, end;
} span;

static span inside(int32_t position, int32_t size, int32_t limit) {
    const int32_t before = size / 2 - position, after = limit + size / 2 - position;
    const span result = {before > 0 ? before : 0, after < size ? after : size};
    return result;
}

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/* `count` output channels of one pixel; known when compiled, so that the sums stay in registers. */
INLINE void sum_pixel(int32_t count, int32_t rows, int32_t row_inputs, ptrdiff_t row_step,
                      ptrdiff_t weight_step, int32_t out_channels, const lanes *input,
                      const float *weights, const float *biases, lanes *output) {
    vector sums[6][PARTS];
    for (int32_t i = 0; i < count; i++) {
        for (int p = 0; p < PARTS; p++) {
            sums[i][p] = (biases == NULL ? 0 : biases[i]) - (vector){0};
        }
    }
    for (int32_t row = 0; row < rows; row++) {
        const float *w = weights + row * weight_step;
        const vector *from = parts(input + row * row_step);
        for (int32_t j = 0; j < row_inputs; j++) {
            for (int32_t i = 0; i < count; i++) {
                for (int p = 0; p < PARTS; p++) {
                    sums[i][p] += from[p] * w[i];
                }
            }
            from += PARTS;
            w += out_channels;
        }
    }
    for (int32_t i = 0; i < count; i++) {
        for (int p = 0; p < PARTS; p++) {
            parts_of(output + i)[p] = sums[i][p];
        }
    }
}

void convolve(shape in, int32_t size, int32_t out_channels, const lanes *input,
              const float *weights, const float *biases, lanes *output) {
    const ptrdiff_t weight_step = (ptrdiff_t)size * in.channels * out_channels;
    const ptrdiff_t row_step = (ptrdiff_t)in.width * in.channels;
    const int32_t blocks = (out_channels + MOST_OUTPUTS - 1) / MOST_OUTPUTS;
    for (int32_t y = 0; y < in.height; y++) {
        const span rows = inside(y, size, in.height);
        for (int32_t x = 0; x < in.width; x++) {
            const span columns = inside(x, size, in.width);
            const lanes *const from = input + (y - size / 2 + rows.first) * row_step +
                                      (ptrdiff_t)(x - size / 2 + columns.first) * in.channels;
            const int32_t row_inputs = (columns.end - columns.first) * in.channels;
            const float *const first_weights =
                weights + rows.first * weight_step +
                (ptrdiff_t)columns.first * in.channels * out_channels;
            for (int32_t block = 0; block < blocks; block++) {
                const int32_t c = block * out_channels / blocks;
                const int32_t count = (block + 1) * out_channels / blocks - c;
                const float *const w = first_weights + c;
                const float *const b = biases == NULL ? NULL : biases + c;
                lanes *const to = output + c;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        sum_pixel(n, rows.end - rows.first, row_inputs, row_step, weight_step, out_channels, from, \
                  w, b, to);                                                                       \
        break;
                switch (count) {
                    CASE(1)
                    CASE(2)
                    CASE(3)
                    CASE(4)
                    CASE(5)
                    CASE(6)
                default:
                    abort(); /* blocks have 1 to MOST_OUTPUTS channels */
                }
#undef CASE
            }
            output += out_channels;
        }
    }
}

void turn_weights(int32_t size, int32_t in_channels, int32_t out_channels, const float *weights,
                  float *turned) {
    for (int32_t tap = 0; tap < size * size; tap++) {
        const float *const from =
            weights + (ptrdiff_t)(size * size - 1 - tap) * in_channels * out_channels;
        for (int32_t o = 0; o < out_channels; o++) {
            for (int32_t i = 0; i < in_channels; i++) {
                *turned++ = from[i * out_channels + o];
            }
        }
    }
}

/* The products of some input channels with some output channels, over pixels of several rows. */
INLINE void sum_products(int32_t inputs, int32_t outputs, int32_t rows, int32_t columns, shape in,
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
    for (int32_t y = 0; y < rows; y++) {
        const vector *in_pixel = parts(input + (ptrdiff_t)y * in.width * in.channels);
        const vector *out_pixel = parts(gradients + (ptrdiff_t)y * in.width * out_channels);
        for (int32_t x = 0; x < columns; x++) {
            for (int32_t i = 0; i < inputs; i++) {
                for (int32_t o = 0; o < outputs; o++) {
                    for (int p = 0; p < PARTS; p++) {
                        own[i][o][p] += in_pixel[i * PARTS + p] * out_pixel[o * PARTS + p];
                    }
                }
            }
            in_pixel += in.channels * PARTS;
            out_pixel += out_channels * PARTS;
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

static void sum_any_products(int32_t inputs, int32_t outputs, int32_t rows, int32_t columns,
                             shape in, int32_t out_channels, const lanes *input,
                             const lanes *gradients, lanes *sums) {
#define CASE(i, o)                                                                                 \
    case 8 * (i) + (o):                                                                            \
        sum_products(i, o, rows, columns, in, out_channels, input, gradients, sums);               \
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

/* All weights of one tap, over the output rows from `y` to before `end`. */
static void add_tap(shape in, int32_t size, int32_t out_channels, int32_t tap_y, int32_t tap_x,
                    int32_t y, int32_t end, const lanes *input, const lanes *gradients,
                    lanes *sums) {
    const int32_t down = tap_y - size / 2, right = tap_x - size / 2;
    const int32_t first_y = y + down < 0 ? -down : y;
    const int32_t end_y = smaller(end, in.height - down);
    const int32_t first_x = right < 0 ? -right : 0;
    const int32_t end_x = smaller(in.width, in.width - right);
    if (end_y <= first_y || end_x <= first_x) {
        return;
    }
    const lanes *const from =
        input + ((ptrdiff_t)(first_y + down) * in.width + first_x + right) * in.channels;
    const lanes *const with = gradients + ((ptrdiff_t)first_y * in.width + first_x) * out_channels;
    const int32_t in_blocks = (in.channels + MOST_GRADIENT_INPUTS - 1) / MOST_GRADIENT_INPUTS;
    const int32_t out_blocks = (out_channels + MOST_GRADIENT_OUTPUTS - 1) / MOST_GRADIENT_OUTPUTS;
    for (int32_t i = 0; i < in_blocks; i++) {
        const int32_t ci = i * in.channels / in_blocks;
        const int32_t inputs = (i + 1) * in.channels / in_blocks - ci;
        for (int32_t o = 0; o < out_blocks; o++) {
            const int32_t co = o * out_channels / out_blocks;
            const int32_t outputs = (o + 1) * out_channels / out_blocks - co;
            sum_any_products(inputs, outputs, end_y - first_y, end_x - first_x, in, out_channels,
                             from + ci, with + co, sums + (ptrdiff_t)ci * out_channels + co);
        }
    }
}

void add_weight_gradients(shape in, int32_t size, int32_t out_channels, const lanes *input,
                          const lanes *output_gradients, lanes *weight_gradients) {
    const int64_t row_bytes =
        (int64_t)in.width * (in.channels + out_channels) * (int64_t)sizeof(lanes);
    const int32_t chunk = row_bytes < CHUNK_BYTES ? (int32_t)(CHUNK_BYTES / row_bytes) : 1;
    for (int32_t y = 0; y < in.height; y += chunk) {
        lanes *sums = weight_gradients;
        for (int32_t tap = 0; tap < size * size; tap++) {
            add_tap(in, size, out_channels, tap / size, tap % size, y,
                    smaller(y + chunk, in.height), input, output_gradients, sums);
            sums += (ptrdiff_t)in.channels * out_channels;
        }
    }
}

void convolve_depthwise(shape in, int32_t size, const lanes *input, const float *weights,
                        const float *biases, lanes *output) {
    for (int32_t y = 0; y < in.height; y++) {
        const span rows = inside(y, size, in.height);
        for (int32_t x = 0; x < in.width; x++) {
            const span columns = inside(x, size, in.width);
            for (int32_t c = 0; c < in.channels; c++) {
                vector sums[PARTS];
                for (int p = 0; p < PARTS; p++) {
                    sums[p] = (biases == NULL ? 0 : biases[c]) - (vector){0};
                }
                for (int32_t r = rows.first; r < rows.end; r++) {
                    for (int32_t k = columns.first; k < columns.end; k++) {
                        const ptrdiff_t pixel =
                            (ptrdiff_t)(y + r - size / 2) * in.width + x + k - size / 2;
                        const vector *const from = parts(input + pixel * in.channels + c);
                        const float weight = weights[(r * size + k) * in.channels + c];
                        for (int p = 0; p < PARTS; p++) {
                            sums[p] += from[p] * weight;
                        }
                    }
                }
                for (int p = 0; p < PARTS; p++) {
                    parts_of(output)[p] = sums[p];
                }
                output++;
            }
        }
    }
}

/* The products of one tap in one row, of each channel. */
static void add_row(int32_t columns, int32_t channels, const lanes *input, const lanes *gradients,
                    lanes *sums) {
    for (int32_t c = 0; c < channels; c++) {
        vector own[PARTS];
        for (int p = 0; p < PARTS; p++) {
            own[p] = parts(sums + c)[p];
        }
        for (int32_t x = 0; x < columns; x++) {
            const vector *const from = parts(input + (ptrdiff_t)x * channels + c);
            const vector *const with = parts(gradients + (ptrdiff_t)x * channels + c);
            for (int p = 0; p < PARTS; p++) {
                own[p] += from[p] * with[p];
            }
        }
        for (int p = 0; p < PARTS; p++) {
            parts_of(sums + c)[p] = own[p];
        }
    }
}

void add_depthwise_weight_gradients(shape in, int32_t size, const lanes *input,
                                    const lanes *output_gradients, lanes *weight_gradients) {
    for (int32_t y = 0; y < in.height; y++) {
        const span rows = inside(y, size, in.height);
        for (int32_t r = rows.first; r < rows.end; r++) {
            for (int32_t k = 0; k < size; k++) {
                const int32_t right = k - size / 2, first = right < 0 ? -right : 0;
                const int32_t columns = smaller(in.width, in.width - right) - first;
                const ptrdiff_t row = (ptrdiff_t)(y + r - size / 2) * in.width;
                if (columns > 0) {
                    add_row(columns, in.channels, input + (row + first + right) * in.channels,
                            output_gradients + ((ptrdiff_t)y * in.width + first) * in.channels,
                            weight_gradients + (ptrdiff_t)(r * size + k) * in.channels);
                }
            }
        }
    }
}
