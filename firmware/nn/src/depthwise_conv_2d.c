#include "nn/depthwise_conv_2d.h"

#include <stdbool.h>

#include "band.h"
#include "quads.h"
#include "scale_sums.h"

/* Where the taps of a kernel read the image. */
typedef struct {
    const int8_t *base;          /* the arena */
    const int32_t *offsets;      /* of each tap's pixel in it; not of a whole 3 x 3 patch */
    const int8_t *first;         /* pixel of a whole 3 x 3 patch; else 0 */
    int32_t to_second, to_third; /* bytes from a row of such a patch to the next */
} patch;

/* A pixel of zero points, for the taps outside the image: it lies after the offsets of the taps. */
static void *outside_pixel(const nn_depthwise_conv_2d_params *p, uint8_t *arena) {
    return arena + p->scratch + (uint32_t)(p->kernel_height * p->kernel_width) * sizeof(int32_t);
}

/* Writes the offset of each tap's pixel for column `left` of the image and the kernel's rows. */
static void find_taps(const nn_depthwise_conv_2d_params *p, uint8_t *arena, const nn_band *band,
                      int32_t left, int32_t *offsets) {
    const int32_t outside = (int32_t)((uint8_t *)outside_pixel(p, arena) - arena);
    const int8_t *row = band->first;
    for (int32_t y = -band->above; y < p->kernel_height - band->above; y++) {
        const bool is_inside = y >= 0 && y < band->rows;
        const int32_t first = (int32_t)(row - (const int8_t *)arena);
        for (int32_t x = left; x < left + p->kernel_width; x++) {
            const bool is_pixel = is_inside && x >= 0 && x < p->input_width;
            *offsets++ = is_pixel ? first + x * p->channels : outside;
        }
        row = is_inside ? nn_next_row(band, row) : row;
    }
}

static patch patch_at(const nn_depthwise_conv_2d_params *p, uint8_t *arena, const nn_band *band,
                      int32_t x) {
    int32_t *const offsets = (void *)(arena + p->scratch);
    const int32_t left = x * p->stride_width - p->padding_left;
    const bool is_3x3 = p->kernel_height == 3 && p->kernel_width == 3;
    patch found = {(const int8_t *)arena, offsets, 0, 0, 0};
    if (is_3x3 && band->rows == 3 && left >= 0 && left + 3 <= p->input_width) {
        const int8_t *const second = nn_next_row(band, band->first);
        found.first = band->first + left * p->channels;
        found.to_second = (int32_t)(second - band->first);
        found.to_third = (int32_t)(nn_next_row(band, second) - second);
    } else {
        find_taps(p, arena, band, left, offsets);
    }
    return found;
}

/* Factors above 1 are rare, and are kept out of the fast path. */
static __attribute__((noinline)) void write_any(nn_range range, nn_quad_sums sums,
                                                const int32_t *multipliers, const int8_t *shifts,
                                                int8_t *output) {
    output[0] = nn_scale_sum(range, sums.a, multipliers[0], shifts[0]);
    output[1] = nn_scale_sum(range, sums.b, multipliers[1], shifts[1]);
    output[2] = nn_scale_sum(range, sums.c, multipliers[2], shifts[2]);
    output[3] = nn_scale_sum(range, sums.d, multipliers[3], shifts[3]);
}

/* All whole quads of a pixel. Returns the first remaining channel. */
static int32_t write_quads(const nn_depthwise_conv_2d_params *p, patch from, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t taps = p->kernel_height * p->kernel_width;
    const int32_t channels = p->channels, whole = channels - channels % NN_QUAD;
    const int8_t *weights = p->weights;
    for (int32_t c = 0; c < whole; c += NN_QUAD) {
        NN_KEEP_INDEX(c);
        const int32_t *const biases = p->biases + c, *const multipliers = p->multipliers + c;
        const int8_t *const shifts = p->shifts + c;
        int8_t *const to = output + c;
        nn_quad_sums sums = {biases[0], biases[1], biases[2], biases[3]};
        sums = from.first != 0
                   ? nn_multiply_3x3(sums, from.first + c, channels, from.to_second, from.to_third,
                                     &weights)
                   : nn_multiply_taps(sums, from.base + c, from.offsets, taps, &weights);
        if ((shifts[0] & shifts[1] & shifts[2] & shifts[3]) < 0) {
            to[0] = nn_scale_sum_down(range, sums.a, multipliers[0], shifts[0]);
            to[1] = nn_scale_sum_down(range, sums.b, multipliers[1], shifts[1]);
            to[2] = nn_scale_sum_down(range, sums.c, multipliers[2], shifts[2]);
            to[3] = nn_scale_sum_down(range, sums.d, multipliers[3], shifts[3]);
        } else {
            write_any(range, sums, multipliers, shifts, to);
        }
    }
    return whole;
}

/* The channels after the last whole quad. */
static void write_channels(const nn_depthwise_conv_2d_params *p, uint8_t *arena,
                           const nn_band *band, int32_t x, int32_t first, int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int32_t taps = p->kernel_height * p->kernel_width;
    const int8_t *weights = p->weights + first * taps;
    int32_t *const offsets = (void *)(arena + p->scratch);
    find_taps(p, arena, band, x * p->stride_width - p->padding_left, offsets);
    for (int32_t c = first; c < p->channels; c++) {
        const int8_t *const image = (const int8_t *)arena + c;
        int32_t sum = p->biases[c];
        for (int32_t tap = 0; tap < taps; tap++) {
            sum += image[offsets[tap]] * *weights++;
        }
        output[c] = nn_scale_sum(range, sum, p->multipliers[c], p->shifts[c]);
    }
}

void nn_depthwise_conv_2d_s8(const nn_depthwise_conv_2d_params *params, uint8_t *arena,
                             int32_t first_row, int32_t row_count) {
    const nn_depthwise_conv_2d_params *p = params;
    memset(outside_pixel(p, arena), p->input_zero_point, (size_t)p->channels);
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const nn_band band = nn_band_at(&p->input, arena, p->input_height,
                                        y * p->stride_height - p->padding_top, p->kernel_height);
        int8_t *output = nn_row_at(&p->output, arena, y);
        for (int32_t x = 0; x < p->output_width; x++) {
            const int32_t done = write_quads(p, patch_at(p, arena, &band, x), output);
            if (done < p->channels) {
                write_channels(p, arena, &band, x, done, output);
            }
            output += p->channels;
        }
    }
}
