#include "gather.h"

#include <stdbool.h>

#include "elements.h"

/* Columns of the kernel that lie left of the image, inside, and right of it. */
typedef struct {
    int32_t left, inside, right;
} columns;

static columns split_columns(const nn_conv_2d_params *p, int32_t x) {
    const int32_t end = x + p->kernel_width;
    columns split;
    split.left = x < 0 ? -x : 0;
    split.left = split.left > p->kernel_width ? p->kernel_width : split.left;
    split.right = end > p->input_width ? end - p->input_width : 0;
    split.right = split.right > p->kernel_width ? p->kernel_width : split.right;
    split.inside = p->kernel_width - split.left - split.right;
    return split;
}

#if NN_HAS_DSP

/* Three rows of nine bytes, three colours of three pixels each, as seven groups without a detour
 * through memory. Reads not one byte more. */
static void widen_colours(int16_t *to, const int8_t *first, const int8_t *second,
                          const int8_t *third) {
    uint16_t second_end, third_start;
    memcpy(&second_end, second + 7, sizeof second_end);
    memcpy(&third_start, third, sizeof third_start);
    nn_widen_word(nn_word_at(first), to);
    nn_widen_word(nn_word_at(first + 4), to + NN_GROUP_VALUES);
    nn_widen_word((uint8_t)first[8] | nn_word_at(second) << 8, to + 2 * NN_GROUP_VALUES);
    nn_widen_word(nn_word_at(second + 3), to + 3 * NN_GROUP_VALUES);
    nn_widen_word(second_end | (uint32_t)third_start << 16, to + 4 * NN_GROUP_VALUES);
    nn_widen_word(nn_word_at(third + 2), to + 5 * NN_GROUP_VALUES);
    nn_widen_word(nn_word_at(third + 5) >> 8, to + 6 * NN_GROUP_VALUES);
}

#endif

/* The rows of a patch that lies inside the image, without a look at its borders. */
static void gather_inside(const nn_conv_2d_params *p, const nn_band *band, const int8_t *from,
                          int16_t *to, int8_t *bytes) {
    const int32_t row_bytes = p->kernel_width * p->input_channels;
    if (NN_IS_WIDENED(p->input_channels)) {
        for (int32_t row = 0; row < p->kernel_height; row++) {
            to = nn_widen_groups(to, from, row_bytes);
            from = nn_next_row(band, from);
        }
        return;
    }
#if NN_HAS_DSP
    if (row_bytes == 9 && p->kernel_height == 3) {
        const int8_t *const second = nn_next_row(band, from);
        widen_colours(to, from, second, nn_next_row(band, second));
        return;
    }
#endif
    int8_t *end = bytes;
    for (int32_t row = 0; row < p->kernel_height; row++) {
        end = nn_copy(end, from, row_bytes);
        from = nn_next_row(band, from);
    }
    (void)nn_widen_groups(to, bytes, p->groups * NN_GROUP);
}

/* A patch of which a part lies outside the image, where every element is the zero point. */
static void gather_across(const nn_conv_2d_params *p, const nn_band *band, int32_t x, int16_t *to,
                          int8_t *bytes) {
    const columns split = split_columns(p, x);
    const int32_t channels = p->input_channels;
    const int8_t zero = (int8_t)p->input_zero_point;
    const int32_t left = split.left * channels, right = split.right * channels;
    const int8_t *from = band->first + (x + split.left) * channels;
    int8_t *end = bytes;
    for (int32_t row = -band->above; row < p->kernel_height - band->above; row++) {
        const bool inside = row >= 0 && row < band->rows;
        const int32_t middle = inside ? split.inside * channels : 0;
        const int32_t before = inside ? left : p->kernel_width * channels;
        if (NN_IS_WIDENED(channels)) {
            to = nn_fill_groups(to, before, zero);
            to = nn_widen_groups(to, from, middle);
            to = nn_fill_groups(to, inside ? right : 0, zero);
        } else {
            end = nn_fill(end, before, zero);
            end = nn_copy(end, from, middle);
            end = nn_fill(end, inside ? right : 0, zero);
        }
        from = inside ? nn_next_row(band, from) : from;
    }
    if (!NN_IS_WIDENED(channels)) {
        (void)nn_widen_groups(to, bytes, p->groups * NN_GROUP);
    }
}

void nn_gather(const nn_conv_2d_params *params, const nn_band *band, int32_t x, int16_t *patches,
               int8_t *bytes) {
    const nn_conv_2d_params *p = params;
    const int32_t left = x * p->stride_width - p->padding_left;
    if (band->rows == p->kernel_height && left >= 0 && left + p->kernel_width <= p->input_width) {
        gather_inside(p, band, band->first + left * p->input_channels, patches, bytes);
    } else {
        gather_across(p, band, left, patches, bytes);
    }
}
