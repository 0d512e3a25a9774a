#include <stddef.h>
#include <stdlib.h>

#include "convolution.h"

/* A window with few columns of taps is computed alone, channel after channel: that reads and writes
 * long ranges of memory, one after the other. With more, it pays to compute several together. */
#define FEW_TAPS 5
#define TILE 8           /* most windows of a tile; their sums fit in the registers */
#define TILE_CHANNELS 16 /* whose inputs and gradients stay in the cache for all taps */

/* Outputs of one row of windows. Window 0 reads the positions from `base` on, the next one those
 * that are `step` further; positions outside [0, limit) are padding. */
typedef struct {
    int32_t count, taps, base, step, limit;
} windows;

/* The taps that the windows of a tile have in common. Steps are in elements: from a row of taps or
 * a window to the next. */
typedef struct {
    int32_t rows, channels;
    ptrdiff_t row_step, weight_step, in_step, out_step;
} patch;

/* Compute one channel after the other for `count` windows that all have `taps` columns of taps.
 * `count` is a compile-time constant, so the sums stay in registers, and so are few taps. Each sum
 * adds its taps one after the other, so that it does not depend on the tile. */
INLINE void sum_tile(int32_t count, int32_t taps, const patch *of, const lanes *input,
                     const float *weights, const float *biases, lanes *output) {
    const ptrdiff_t channels = of->channels;
    for (ptrdiff_t c = 0; c < channels; c++) {
        for (int p = 0; p < PARTS; p++) {
            vector sums[TILE];
            for (int32_t t = 0; t < count; t++) {
                sums[t] = (biases == NULL ? 0 : biases[c]) - (vector){0};
            }
            for (int32_t r = 0; r < of->rows; r++) {
                const lanes *from = input + r * of->row_step + c;
                const float *w = weights + r * of->weight_step + c;
                for (int32_t i = 0; i < taps; i++) {
                    for (int32_t t = 0; t < count; t++) {
                        sums[t] += parts(from + t * of->in_step)[p] * *w;
                    }
                    from += channels;
                    w += channels;
                }
            }
            for (int32_t t = 0; t < count; t++) {
                parts_of(output + t * of->out_step + c)[p] = sums[t];
            }
        }
    }
}

/* The number of windows of the tile that begins with the window `first`: they all lie inside the
 * input, or it is a single one. */
static int32_t tile_of(const windows *all, int32_t first) {
    const int32_t start = all->base + first * all->step;
    const int32_t last_start = all->limit - all->taps;
    if (start < 0 || start > last_start) {
        return 1;
    }
    const int32_t inside = smaller((last_start - start) / all->step + 1, all->count - first);
    const int32_t tiles = (inside + TILE - 1) / TILE;
    return inside / tiles;
}

/* Compute the windows of a tile with the same columns of taps. */
static void sum_any_tile(int32_t count, int32_t taps, const patch *of, const lanes *input,
                         const float *weights, const float *biases, lanes *output) {
#define CASE(key, n, columns)                                                                      \
    case key:                                                                                      \
        sum_tile(n, columns, of, input, weights, biases, output);                                  \
        break;
    switch (count > 1 || taps > FEW_TAPS ? count : -taps) {
        CASE(-5, 1, 5)
        CASE(-4, 1, 4)
        CASE(-3, 1, 3)
        CASE(-2, 1, 2)
        CASE(-1, 1, 1)
        CASE(0, 1, 0)
        CASE(1, 1, taps)
        CASE(2, 2, taps)
        CASE(3, 3, taps)
        CASE(4, 4, taps)
        CASE(5, 5, taps)
        CASE(6, 6, taps)
        CASE(7, 7, taps)
        CASE(8, 8, taps)
    default:
        abort(); /* tiles have 1 to TILE windows */
    }
#undef CASE
}

/* Compute a row of windows, tile by tile. `input` and `weights` are those of position 0 and of
 * tap 0 in the first row of taps. */
static void sum_windows(const windows *all, const patch *of, const lanes *input,
                        const float *weights, const float *biases, lanes *output) {
    for (int32_t first = 0; first < all->count;) {
        const int32_t tile = all->taps > FEW_TAPS ? tile_of(all, first) : 1;
        const reach columns = within(all->base + first * all->step, all->taps, all->limit);
        sum_any_tile(tile, columns.end - columns.first, of,
                     input + (ptrdiff_t)columns.start * of->channels,
                     weights + (ptrdiff_t)columns.first * of->channels, biases,
                     output + first * of->out_step);
        first += tile;
    }
}

void convolve_depthwise(const kernels *k, const lanes *input, const float *weights,
                        const float *biases, lanes *output) {
    const axis a = k->columns;
    const ptrdiff_t channels = k->in_channels;
    const windows all = {a.out, a.kernel, -a.before, a.stride, a.in};
    patch of = {.channels = k->in_channels,
                .row_step = a.in * channels,
                .weight_step = a.kernel * channels,
                .in_step = a.stride * channels,
                .out_step = channels};
    for (int32_t y = 0; y < k->rows.out; y++) {
        const reach rows = taps_of(k->rows, y);
        of.rows = rows.end - rows.first;
        sum_windows(&all, &of, input + rows.start * of.row_step,
                    weights + rows.first * of.weight_step, biases, output + y * a.out * channels);
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

/* Compute the gradients of one row of the input. Every `stride`-th of its pixels has the same phase
 * and so the same taps; together they are a row of windows. */
static void carry_row(const kernels *k, place down, const lanes *output_gradients,
                      const float *turned, lanes *input_gradients) {
    const axis a = k->columns;
    const ptrdiff_t channels = k->in_channels;
    const reach rows = windows_at(k->rows, down);
    const int32_t height = phase_taps(k->rows, down.phase);
    const int32_t taps_above = taps_before(k->rows, down.phase) * a.kernel;
    patch of = {.rows = rows.end - rows.first,
                .channels = k->in_channels,
                .row_step = a.out * channels,
                .in_step = channels,
                .out_step = a.stride * channels};
    place right = first_place(a);
    for (int32_t x = 0; x < a.stride && x < a.in; x++) {
        const int32_t width = phase_taps(a, right.phase);
        const int32_t taps = taps_above + height * taps_before(a, right.phase);
        const windows all = {(a.in - x + a.stride - 1) / a.stride, width, right.window - width + 1,
                             1, a.out};
        of.weight_step = width * channels;
        sum_windows(&all, &of, output_gradients + rows.start * of.row_step,
                    turned + taps * channels + rows.first * of.weight_step, NULL,
                    input_gradients + x * channels);
        move_on(a, &right);
    }
}

void carry_depthwise_back(const kernels *k, const lanes *output_gradients, const float *turned,
                          lanes *input_gradients) {
    place down = first_place(k->rows);
    for (int32_t y = 0; y < k->rows.in; y++) {
        carry_row(k, down, output_gradients, turned, input_gradients);
        input_gradients += (ptrdiff_t)k->columns.in * k->in_channels;
        move_on(k->rows, &down);
    }
}

/* Pixels and channels of one row. Pixels of the input are `in_step` elements apart. */
typedef struct {
    int32_t columns, channels;
    ptrdiff_t in_step, out_step;
} strip;

/* Add the products of one tap, for each channel. */
INLINE void add_strip(int32_t columns, const strip *of, const lanes *input, const lanes *gradients,
                      lanes *sums) {
    for (int32_t c = 0; c < of->channels; c++) {
        vector own[PARTS];
        for (int p = 0; p < PARTS; p++) {
            own[p] = parts(sums + c)[p];
        }
        for (int32_t x = 0; x < columns; x++) {
            const vector *const from = parts(input + x * of->in_step + c);
            const vector *const with = parts(gradients + x * of->out_step + c);
            for (int p = 0; p < PARTS; p++) {
                own[p] += from[p] * with[p];
            }
        }
        for (int p = 0; p < PARTS; p++) {
            parts_of(sums + c)[p] = own[p];
        }
    }
}

/* Add the products of all taps in one row of windows, for the windows from `first` on and the
 * channels from `c` on. `input`, `gradients` and `sums` are those of the whole row. */
static void add_taps(const kernels *k, reach rows, int32_t first, int32_t c, const lanes *input,
                     const lanes *gradients, lanes *sums) {
    const axis a = k->columns;
    const ptrdiff_t channels = k->in_channels;
    strip of = {.channels = smaller(TILE_CHANNELS, k->in_channels - c),
                .in_step = a.stride * channels,
                .out_step = channels};
    for (int32_t i = 0; i < a.kernel; i++) {
        const reach all = windows_of(a, i);
        const int32_t begin = all.first > first ? all.first : first;
        const int32_t end = smaller(all.end, first + TILE);
        const int32_t start = all.start + (begin - all.first) * a.stride;
        of.columns = end - begin;
        for (int32_t r = rows.first; r < rows.end && of.columns > 0; r++) {
            const ptrdiff_t row = (ptrdiff_t)(rows.start + r - rows.first) * a.in;
            const lanes *const from = input + (row + start) * channels + c;
            const lanes *const with = gradients + begin * channels + c;
            lanes *const to = sums + (r * a.kernel + i) * channels + c;
            if (of.columns == TILE) {
                add_strip(TILE, &of, from, with, to);
            } else {
                add_strip(of.columns, &of, from, with, to);
            }
        }
    }
}

void add_depthwise_weight_gradients(const kernels *k, const lanes *input,
                                    const lanes *output_gradients, lanes *weight_gradients) {
    for (int32_t y = 0; y < k->rows.out; y++) {
        const reach rows = taps_of(k->rows, y);
        for (int32_t first = 0; first < k->columns.out; first += TILE) {
            for (int32_t c = 0; c < k->in_channels; c += TILE_CHANNELS) {
                add_taps(k, rows, first, c, input, output_gradients, weight_gradients);
            }
        }
        output_gradients += (ptrdiff_t)k->columns.out * k->in_channels;
    }
}
