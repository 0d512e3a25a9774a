#include "nn/conv_2d_taps.h"

#include <stdbool.h>

#include "band.h"
#include "conv_pixels.h"
#include "elements.h"

/* The elements of one tap, part by part; `pixel` is 0 outside the image. */
static void gather_tap(const nn_conv_2d_taps_params *params, const int8_t *pixel, int32_t tap,
                       int16_t *patches, int8_t *bytes) {
    const nn_conv_2d_params *const p = &params->conv;
    const int32_t channels = p->input_channels / params->parts;
    const int8_t zero = (int8_t)p->input_zero_point;
    for (int32_t part = 0; part < params->parts; part++) {
        const int32_t element = part * p->groups * NN_GROUP + tap * channels;
        int16_t *const wide = patches + element * NN_PATCHES;
        if (!NN_IS_WIDENED(channels) && pixel == 0) {
            (void)nn_fill(bytes + element, channels, zero);
        } else if (!NN_IS_WIDENED(channels)) {
            (void)nn_copy(bytes + element, pixel + part * channels, channels);
        } else if (pixel == 0) {
            (void)nn_fill_groups(wide, channels, zero);
        } else {
            (void)nn_widen_groups(wide, pixel + part * channels, channels);
        }
    }
}

/* Widens the patch of pixel `x` of the output's row to `patches`, like nn_gather. */
static void gather(const nn_conv_2d_taps_params *params, const nn_band *band, int32_t x,
                   int16_t *patches, int8_t *bytes) {
    const nn_conv_2d_params *const p = &params->conv;
    const int32_t left = x * p->stride_width - p->padding_left;
    const int8_t *row = band->first;
    int32_t tap = 0;
    for (int32_t y = -band->above; y < p->kernel_height - band->above; y++) {
        const bool is_inside = y >= 0 && y < band->rows;
        for (int32_t i = 0; i < p->kernel_width; i++) {
            const int32_t column = left + i * params->dilation_width;
            const bool is_pixel = is_inside && column >= 0 && column < p->input_width;
            gather_tap(params, is_pixel ? row + column * p->input_channels : 0, tap++, patches,
                       bytes);
        }
        row = is_inside ? nn_next_row(band, row) : row;
    }
    if (!NN_IS_WIDENED(p->input_channels / params->parts)) {
        (void)nn_widen_groups(patches, bytes, params->parts * p->groups * NN_GROUP);
    }
}

static nn_band band_at(const nn_conv_2d_taps_params *params, uint8_t *arena, int32_t y) {
    const nn_conv_2d_params *const p = &params->conv;
    return nn_dilated_band_at(&p->input, arena, p->input_height,
                              y * p->stride_height - p->padding_top, p->kernel_height,
                              params->dilation_height);
}

void nn_conv_2d_taps_s8(const nn_conv_2d_taps_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count) {
    const nn_conv_2d_params *const p = &params->conv;
    const int32_t own_channels = p->output_channels / params->parts;
    const int32_t own_values = p->groups * NN_GROUP_VALUES;
    int16_t *const patches = (void *)(arena + p->scratch);
    int8_t *const bytes = (int8_t *)(patches + params->parts * own_values);
    int8_t *output = nn_row_at(&p->output, arena, first_row);
    int32_t y = first_row, x = 0;
    nn_band band = band_at(params, arena, y);
    for (int32_t left = row_count * p->output_width; left > 0; left -= NN_PATCHES) {
        const int32_t count = left < NN_PATCHES ? left : NN_PATCHES;
        for (int32_t i = 0; i < count; i++) {
            gather(params, &band, x, patches + i * NN_PATCH_STEP, bytes);
            if (++x == p->output_width) {
                x = 0;
                band = band_at(params, arena, ++y);
            }
        }
        for (int32_t part = 0; part < params->parts; part++) {
            const int32_t first = part * own_channels;
            nn_write_pixels(p, patches + part * own_values, first, first + own_channels, count,
                            output);
        }
        output += NN_PATCHES * p->output_channels;
    }
}
