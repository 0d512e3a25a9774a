#include "convolution.h"

#include <stddef.h>
#include <stdlib.h>

/* Output channels of a block. Their sums must fit in the registers: processors have 32 or 16. */
#if defined(__AVX__) || defined(__aarch64__)
#define MOST_OUTPUTS 6
#else
#define MOST_OUTPUTS 2
#endif

/* Compute `count` output channels of one pixel. `count` is a compile-time constant, so the sums
 * stay in registers. */
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

/* Compute all output channels of one pixel, in blocks. */
INLINE void sum_channels(int32_t rows, int32_t row_inputs, ptrdiff_t row_step,
                         ptrdiff_t weight_step, int32_t out_channels, const lanes *from,
                         const float *weights, const float *biases, lanes *output) {
    const int32_t blocks = (out_channels + MOST_OUTPUTS - 1) / MOST_OUTPUTS;
    for (int32_t block = 0; block < blocks; block++) {
        const int32_t c = block * out_channels / blocks;
        const int32_t count = (block + 1) * out_channels / blocks - c;
        const float *const w = weights + c;
        const float *const b = biases == NULL ? NULL : biases + c;
        lanes *const to = output + c;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        sum_pixel(n, rows, row_inputs, row_step, weight_step, out_channels, from, w, b, to);       \
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
}

void convolve(const kernels *k, const lanes *input, const float *weights, const float *biases,
              lanes *output) {
    const int32_t in_channels = k->in_channels, out_channels = k->out_channels;
    const ptrdiff_t tap_step = (ptrdiff_t)in_channels * out_channels;
    const ptrdiff_t weight_step = k->columns.kernel * tap_step;
    const ptrdiff_t row_step = (ptrdiff_t)k->columns.in * in_channels;
    for (int32_t y = 0; y < k->rows.out; y++) {
        const reach rows = taps_of(k->rows, y);
        for (int32_t x = 0; x < k->columns.out; x++) {
            const reach columns = taps_of(k->columns, x);
            sum_channels(rows.end - rows.first, (columns.end - columns.first) * in_channels,
                         row_step, weight_step, out_channels,
                         input + rows.start * row_step + (ptrdiff_t)columns.start * in_channels,
                         weights + rows.first * weight_step + columns.first * tap_step, biases,
                         output);
            output += out_channels;
        }
    }
}

void turn_weights(const kernels *k, const float *weights, float *turned) {
    const int32_t in_channels = k->in_channels, out_channels = k->out_channels;
    for (int32_t phase = 0; phase < k->rows.stride * k->columns.stride; phase++) {
        const int32_t down = phase / k->columns.stride, right = phase % k->columns.stride;
        for (int32_t i = phase_taps(k->rows, down) - 1; i >= 0; i--) {
            for (int32_t j = phase_taps(k->columns, right) - 1; j >= 0; j--) {
                const ptrdiff_t tap = (ptrdiff_t)(down + i * k->rows.stride) * k->columns.kernel +
                                      right + j * k->columns.stride;
                const float *const from = weights + tap * in_channels * out_channels;
                for (int32_t o = 0; o < out_channels; o++) {
                    for (int32_t c = 0; c < in_channels; c++) {
                        *turned++ = from[c * out_channels + o];
                    }
                }
            }
        }
    }
}

void carry_back(const kernels *k, const lanes *output_gradients, const float *turned,
                lanes *input_gradients) {
    const int32_t in_channels = k->in_channels, out_channels = k->out_channels;
    const ptrdiff_t tap_step = (ptrdiff_t)in_channels * out_channels;
    const ptrdiff_t row_step = (ptrdiff_t)k->columns.out * out_channels;
    place down = first_place(k->rows);
    for (int32_t y = 0; y < k->rows.in; y++) {
        const reach rows = windows_at(k->rows, down);
        const int32_t height = phase_taps(k->rows, down.phase);
        const float *const of_rows =
            turned + taps_before(k->rows, down.phase) * k->columns.kernel * tap_step;
        place right = first_place(k->columns);
        for (int32_t x = 0; x < k->columns.in; x++) {
            const reach columns = windows_at(k->columns, right);
            const ptrdiff_t weight_step = phase_taps(k->columns, right.phase) * tap_step;
            const float *const own =
                of_rows + height * taps_before(k->columns, right.phase) * tap_step;
            sum_channels(
                rows.end - rows.first, (columns.end - columns.first) * out_channels, row_step,
                weight_step, in_channels,
                output_gradients + rows.start * row_step + (ptrdiff_t)columns.start * out_channels,
                own + rows.first * weight_step + columns.first * tap_step, NULL, input_gradients);
            input_gradients += in_channels;
            move_on(k->columns, &right);
        }
        move_on(k->rows, &down);
    }
}
