#include "nn/average_pool_2d.h"

#include <stdbool.h>

#include "channel_sums.h"
#include "nn/fixed_point.h"
#include "pool_windows.h"

/*
 * sum / count, rounded, ties away from 0; count <= NN_MOST_SUMMED.
 *
 * The reciprocal is 2^30 / count and up to 1 more, which is too much by less than 2^-22 of itself.
 * Of a sum of int8 values the quotient is then too large by less than 2^-15, away from 0: ties go
 * where they should, and no other quotient, 1 / (2 * 256) from a tie at least, passes one.
 */
static int32_t divide(int32_t sum, int32_t reciprocal) { return nn_scale(2 * sum, reciprocal); }

static int32_t reciprocal_of(int32_t count) { return (INT32_C(1) << 30) / count + 1; }

static nn_channel_sums sum_window(nn_window window) {
    nn_channel_sums sums = {0};
    for (int32_t y = 0; y < window.rows; y++) {
        sums = nn_sum_row(sums, window.first, window.columns, window.step);
        window.first = nn_next_row(window.band, window.first);
    }
    return sums;
}

/* All channels of a pixel, NN_QUAD or more of them; the last four may be some of the four before.
 */
static void write_quads(const nn_pool_2d_params *p, nn_window window, int8_t *output) {
    const int32_t reciprocal = reciprocal_of(window.rows * window.columns);
    const bool is_narrow = p->lowest > INT8_MIN || p->highest < INT8_MAX;
    for (int32_t left = p->channels; left > 0; left -= NN_QUAD) {
        const int32_t back = left < NN_QUAD ? NN_QUAD - left : 0;
        window.first -= back;
        output -= back;
        const nn_four_sums sums = nn_each_sum(sum_window(window));
        output[0] = (int8_t)divide(sums.a, reciprocal);
        output[1] = (int8_t)divide(sums.b, reciprocal);
        output[2] = (int8_t)divide(sums.c, reciprocal);
        output[3] = (int8_t)divide(sums.d, reciprocal);
        if (is_narrow) {
            for (int i = 0; i < NN_QUAD; i++) {
                output[i] = (int8_t)nn_clamp(output[i], p->lowest, p->highest);
            }
        }
        window.first += NN_QUAD;
        output += NN_QUAD;
    }
}

/* One channel of a window of any size. */
static int8_t channel_mean(const nn_pool_2d_params *p, nn_window window) {
    const int32_t count = window.rows * window.columns;
    int32_t sum = 0;
    for (int32_t y = 0; y < window.rows; y++) {
        for (int32_t x = 0; x < window.columns; x++) {
            sum += window.first[x * window.step];
        }
        window.first = nn_next_row(window.band, window.first);
    }
    const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    return (int8_t)nn_clamp(mean, p->lowest, p->highest);
}

static void write_pixel(const nn_pool_2d_params *p, nn_window window, int8_t *output) {
    if (p->channels >= NN_QUAD && window.rows * window.columns <= NN_MOST_SUMMED) {
        write_quads(p, window, output);
        return;
    }
    for (int32_t c = 0; c < p->channels; c++) {
        output[c] = channel_mean(p, window);
        window.first++;
    }
}

void nn_average_pool_2d_s8(const nn_pool_2d_params *params, uint8_t *arena, int32_t first_row,
                           int32_t row_count) {
    const nn_pool_2d_params p = *params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const nn_band band = nn_pool_2d_band(&p, arena, y);
        int8_t *output = nn_row_at(&p.output, arena, y);
        for (int32_t x = 0; x < p.output_width; x++) {
            write_pixel(&p, nn_window_at(&p, &band, x), output);
            output += p.channels;
        }
    }
}
