#include <stddef.h>

#include "convolution.h"

/* A rectangle of pixels. Steps are in elements, from a row to the next. */
typedef struct {
    int32_t rows, columns;
    ptrdiff_t row_step, weight_step;
} patch;

/* Compute one output pixel of each channel: the weighted sum of a patch. */
INLINE void sum_patch(patch of, int32_t channels, const lanes *input, const float *weights,
                      const float *biases, lanes *output) {
    for (int32_t c = 0; c < channels; c++) {
        vector sums[PARTS];
        for (int p = 0; p < PARTS; p++) {
            sums[p] = (biases == NULL ? 0 : biases[c]) - (vector){0};
        }
        for (int32_t r = 0; r < of.rows; r++) {
            for (int32_t i = 0; i < of.columns; i++) {
                const ptrdiff_t pixel = (ptrdiff_t)i * channels + c;
                const vector *const from = parts(input + r * of.row_step + pixel);
                const float weight = weights[r * of.weight_step + pixel];
                for (int p = 0; p < PARTS; p++) {
                    sums[p] += from[p] * weight;
                }
            }
        }
        for (int p = 0; p < PARTS; p++) {
            parts_of(output + c)[p] = sums[p];
        }
    }
}

void convolve_depthwise(const kernels *k, const lanes *input, const float *weights,
                        const float *biases, lanes *output) {
    const int32_t channels = k->in_channels;
    patch of = {.row_step = (ptrdiff_t)k->columns.in * channels,
                .weight_step = (ptrdiff_t)k->columns.kernel * channels};
    for (int32_t y = 0; y < k->rows.out; y++) {
        const reach rows = taps_of(k->rows, y);
        of.rows = rows.end - rows.first;
        for (int32_t x = 0; x < k->columns.out; x++) {
            const reach columns = taps_of(k->columns, x);
            of.columns = columns.end - columns.first;
            sum_patch(of, channels,
                      input + rows.start * of.row_step + (ptrdiff_t)columns.start * channels,
                      weights + rows.first * of.weight_step + (ptrdiff_t)columns.first * channels,
                      biases, output);
            output += channels;
        }
    }
}

void turn_depthwise_weights(const kernels *k, const float *weights, float *turned) {
    const int32_t channels = k->in_channels;
    for (int32_t phase = 0; phase < k->rows.stride * k->columns.stride; phase++) {
        const int32_t down = phase / k->columns.stride, right = phase % k->columns.stride;
        for (int32_t i = phase_taps(k->rows, down) - 1; i >= 0; i--) {
            for (int32_t j = phase_taps(k->columns, right) - 1; j >= 0; j--) {
                const ptrdiff_t tap = (ptrdiff_t)(down + i * k->rows.stride) * k->columns.kernel +
                                      right + j * k->columns.stride;
                for (int32_t c = 0; c < channels; c++) {
                    *turned++ = weights[tap * channels + c];
                }
            }
        }
    }
}

void carry_depthwise_back(const kernels *k, const lanes *output_gradients, const float *turned,
                          lanes *input_gradients) {
    const int32_t channels = k->in_channels;
    patch of = {.row_step = (ptrdiff_t)k->columns.out * channels};
    place down = first_place(k->rows);
    for (int32_t y = 0; y < k->rows.in; y++) {
        const reach rows = windows_at(k->rows, down);
        const int32_t height = phase_taps(k->rows, down.phase);
        const int32_t taps_above = taps_before(k->rows, down.phase) * k->columns.kernel;
        of.rows = rows.end - rows.first;
        place right = first_place(k->columns);
        for (int32_t x = 0; x < k->columns.in; x++) {
            const reach columns = windows_at(k->columns, right);
            const int32_t width = phase_taps(k->columns, right.phase);
            const int32_t taps = taps_above + height * taps_before(k->columns, right.phase) +
                                 rows.first * width + columns.first;
            of.columns = columns.end - columns.first;
            of.weight_step = (ptrdiff_t)width * channels;
            sum_patch(of, channels,
                      output_gradients + rows.start * of.row_step +
                          (ptrdiff_t)columns.start * channels,
                      turned + (ptrdiff_t)taps * channels, NULL, input_gradients);
            input_gradients += channels;
            move_on(k->columns, &right);
        }
        move_on(k->rows, &down);
    }
}

/* Add the products of one tap in one row, for each channel. Consecutive pixels of the input are
 * `step` lanes apart. */
static void add_row(int32_t columns, int32_t channels, ptrdiff_t step, const lanes *input,
                    const lanes *gradients, lanes *sums) {
    for (int32_t c = 0; c < channels; c++) {
        vector own[PARTS];
        for (int p = 0; p < PARTS; p++) {
            own[p] = parts(sums + c)[p];
        }
        for (int32_t x = 0; x < columns; x++) {
            const vector *const from = parts(input + x * step + c);
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

void add_depthwise_weight_gradients(const kernels *k, const lanes *input,
                                    const lanes *output_gradients, lanes *weight_gradients) {
    const ptrdiff_t channels = k->in_channels;
    for (int32_t y = 0; y < k->rows.out; y++) {
        const reach rows = taps_of(k->rows, y);
        for (int32_t r = rows.first; r < rows.end; r++) {
            const ptrdiff_t in_row = (ptrdiff_t)(rows.start + r - rows.first) * k->columns.in;
            const ptrdiff_t out_row = (ptrdiff_t)y * k->columns.out;
            for (int32_t i = 0; i < k->columns.kernel; i++) {
                const reach columns = windows_of(k->columns, i);
                if (columns.end > columns.first) {
                    add_row(columns.end - columns.first, k->in_channels,
                            k->columns.stride * channels,
                            input + (in_row + columns.start) * channels,
                            output_gradients + (out_row + columns.first) * channels,
                            weight_gradients + (r * k->columns.kernel + i) * channels);
                }
            }
        }
    }
}
