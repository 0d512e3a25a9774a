/* Depthwise convolution of any dilation and depth multiplier. With constants the compiler leaves
 * out what a kernel does not need. */
#ifndef NN_DEPTHWISE_H
#define NN_DEPTHWISE_H

#include <stdbool.h>

#include "nn/depthwise_conv_2d.h"

#include "band.h"
#include "dsp.h"

/* The products need every register of the core, also those of a frame pointer. GCC has it off when
 * it optimises, unless -fno-omit-frame-pointer is given. Clang finds registers in either case. */
#if NN_HAS_DSP && !defined(__clang__)
#pragma GCC optimize("omit-frame-pointer")
#endif

#include "quads.h"
#include "scale_sums.h"

typedef struct {
    int32_t dilation_height, dilation_width; /* from one tap to the next; 1 without dilation */
    int32_t multiplier;                      /* output channels of each input channel */
} nn_spread;

/* Where the taps of a kernel read the image. */
typedef struct {
    const int8_t *base;          /* the arena */
    const int32_t *offsets;      /* of each tap's pixel in it; not of a whole 3 x 3 patch */
    const int8_t *first;         /* pixel of a whole 3 x 3 patch; else 0 */
    int32_t to_second, to_third; /* bytes from a row of such a patch to the next */
} nn_tap_places;

/* A pixel of zero points, for the taps outside the image: it lies after the offsets of the taps. */
static inline void *nn_outside_pixel(const nn_depthwise_conv_2d_params *p, uint8_t *arena) {
    return arena + p->scratch + (uint32_t)(p->kernel_height * p->kernel_width) * sizeof(int32_t);
}

/* Writes the offset of each tap's pixel for column `left` of the image and the kernel's rows. */
static inline void nn_find_taps(const nn_depthwise_conv_2d_params *p, nn_spread spread,
                                uint8_t *arena, const nn_band *band, int32_t left) {
    int32_t *offsets = (void *)(arena + p->scratch);
    const int32_t outside = (int32_t)((uint8_t *)nn_outside_pixel(p, arena) - arena);
    const int32_t step = spread.dilation_width, end = left + p->kernel_width * step;
    const int8_t *row = band->first;
    for (int32_t y = -band->above; y < p->kernel_height - band->above; y++) {
        const bool is_inside = y >= 0 && y < band->rows;
        const int32_t first = (int32_t)(row - (const int8_t *)arena);
        for (int32_t x = left; x < end; x += step) {
            const bool is_pixel = is_inside && x >= 0 && x < p->input_width;
            *offsets++ = is_pixel ? first + x * p->channels : outside;
        }
        row = is_inside ? nn_next_row(band, row) : row;
    }
}

static inline nn_tap_places nn_find_patch(const nn_depthwise_conv_2d_params *p, nn_spread spread,
                                          uint8_t *arena, const nn_band *band, int32_t x) {
    const int32_t left = x * p->stride_width - p->padding_left;
    const int32_t last = left + 2 * spread.dilation_width;
    const bool is_3x3 = p->kernel_height == 3 && p->kernel_width == 3;
    nn_tap_places found = {(const int8_t *)arena, (void *)(arena + p->scratch), 0, 0, 0};
    if (is_3x3 && band->rows == 3 && left >= 0 && last < p->input_width) {
        const int8_t *const second = nn_next_row(band, band->first);
        found.first = band->first + left * p->channels;
        found.to_second = (int32_t)(second - band->first);
        found.to_third = (int32_t)(nn_next_row(band, second) - second);
    } else {
        nn_find_taps(p, spread, arena, band, left);
    }
    return found;
}

/* Factors above 1 and limits narrower than int8 are rare, and are kept out of the fast path. */
static __attribute__((noinline)) void nn_write_any(nn_range range, nn_four_sums sums,
                                                   const int32_t *multipliers, const int8_t *shifts,
                                                   int8_t *output, int32_t step) {
    output[0] = nn_scale_sum(range, sums.a, multipliers[0], shifts[0]);
    output[step] = nn_scale_sum(range, sums.b, multipliers[1], shifts[1]);
    output[2 * step] = nn_scale_sum(range, sums.c, multipliers[2], shifts[2]);
    output[3 * step] = nn_scale_sum(range, sums.d, multipliers[3], shifts[3]);
}

/* Output `number` of each channel in a whole quad, of a pixel. Made twice, for patches that are
 * read where they lie and for others, so that each has registers enough. */
static inline __attribute__((always_inline)) void
nn_write_quads(const nn_depthwise_conv_2d_params *p, nn_spread spread, nn_tap_places from,
               bool is_whole, int32_t number, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const uint32_t narrow = range.is_narrow ? UINT32_MAX : 0;
    const int32_t taps = p->kernel_height * p->kernel_width, step = spread.multiplier;
    const int32_t channels = p->channels, whole = channels - channels % NN_QUAD;
    const int32_t first = number * channels, tap_bytes = channels * spread.dilation_width;
    const int8_t *weights = p->weights + first * taps;
    for (int32_t c = 0; c < whole; c += NN_QUAD) {
        NN_KEEP_INDEX(c);
        const int32_t *const biases = p->biases + first + c;
        const nn_four_sums start = {biases[0], biases[1], biases[2], biases[3]};
        const nn_four_sums sums =
            is_whole ? nn_multiply_3x3(start, from.first + c, tap_bytes, from.to_second,
                                       from.to_third, &weights)
                     : nn_multiply_taps(start, from.base + c, from.offsets, taps, &weights);
        const int32_t *const multipliers = p->multipliers + first + c;
        const uint32_t rights = ~nn_four_bytes(p->shifts + first + c);
        if (__builtin_expect(((rights | narrow) & 0x80808080U) == 0, 1)) {
            const nn_four_sums scaled = nn_scale_quad_down(range, sums, multipliers, rights);
            NN_KEEP_INDEX(c); /* the address takes no register before it is needed */
            nn_store_quad(scaled, output + c * step + number, step);
        } else {
            int8_t *const to = output + c * step + number;
            const nn_four_sums all = {sums.a, sums.b, sums.c, sums.d}; /* the only one in memory */
            nn_write_any(range, all, multipliers, p->shifts + first + c, to, step);
        }
    }
}

/* The same for the channels after the last whole quad; the offsets of the taps are known. */
static inline void nn_write_channels(const nn_depthwise_conv_2d_params *p, nn_spread spread,
                                     const uint8_t *arena, int32_t whole, int32_t number,
                                     int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t taps = p->kernel_height * p->kernel_width, first = number * p->channels;
    const int32_t *const offsets = (const void *)(arena + p->scratch);
    const int8_t *weights = p->weights + (first + whole) * taps;
    for (int32_t c = whole; c < p->channels; c++) {
        const int8_t *const image = (const int8_t *)arena + c;
        int32_t sum = p->biases[first + c];
        for (int32_t tap = 0; tap < taps; tap++) {
            sum += image[offsets[tap]] * *weights++;
        }
        output[c * spread.multiplier + number] =
            nn_scale_sum(range, sum, p->multipliers[first + c], p->shifts[first + c]);
    }
}

/* Rows [first_row, first_row + row_count) of the output. */
static inline void nn_depthwise(const nn_depthwise_conv_2d_params *p, nn_spread spread,
                                uint8_t *arena, int32_t first_row, int32_t row_count) {
    const int32_t whole = p->channels - p->channels % NN_QUAD;
    memset(nn_outside_pixel(p, arena), p->input_zero_point, (size_t)p->channels);
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const int32_t top = y * p->stride_height - p->padding_top;
        const nn_band band =
            spread.dilation_height == 1
                ? nn_band_at(&p->input, arena, p->input_height, top, p->kernel_height)
                : nn_dilated_band_at(&p->input, arena, p->input_height, top, p->kernel_height,
                                     spread.dilation_height);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t x = 0; x < p->output_width; x++) {
            const nn_tap_places from = nn_find_patch(p, spread, arena, &band, x);
            for (int32_t number = 0; number < spread.multiplier; number++) {
                if (from.first != 0) {
                    nn_write_quads(p, spread, from, true, number, output);
                } else {
                    nn_write_quads(p, spread, from, false, number, output);
                }
            }
            if (whole < p->channels) {
                nn_find_taps(p, spread, arena, &band, x * p->stride_width - p->padding_left);
                for (int32_t number = 0; number < spread.multiplier; number++) {
                    nn_write_channels(p, spread, arena, whole, number, output);
                }
            }
            output += p->channels * spread.multiplier;
        }
    }
}

#endif
