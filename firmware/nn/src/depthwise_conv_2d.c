#include "nn/depthwise_conv_2d.h"

#include <stdbool.h>

#include "quads.h"
#include "scale_sums.h"

/* A patch of the image: in the image itself, or copied if it extends beyond the border. */
typedef struct {
    const int8_t *first;
    int32_t row_step; /* bytes from one row to the next */
} patch;

/* Copies a patch row by row, with the zero point outside the image. */
static patch copy_patch(const nn_depthwise_conv_2d_params *p, const int8_t *input, int32_t top,
                        int32_t left, int8_t *to) {
    const int32_t end = left + p->kernel_width;
    const int32_t first = left < 0 ? 0 : left;
    const int32_t last = end > p->input_width ? p->input_width : end;
    const patch copied = {to, p->kernel_width * p->channels};
    for (int32_t y = top; y < top + p->kernel_height; y++) {
        const bool inside = y >= 0 && y < p->input_height && last > first;
        memset(to, p->input_zero_point, (size_t)copied.row_step);
        if (inside) {
            memcpy(to + (first - left) * p->channels,
                   input + (y * p->input_width + first) * p->channels,
                   (size_t)((last - first) * p->channels));
        }
        to += copied.row_step;
    }
    return copied;
}

static patch patch_at(const nn_depthwise_conv_2d_params *p, const int8_t *input, int32_t y,
                      int32_t x, int8_t *scratch) {
    const int32_t top = y * p->stride_height - p->padding_top;
    const int32_t left = x * p->stride_width - p->padding_left;
    const bool inside = top >= 0 && left >= 0 && top + p->kernel_height <= p->input_height &&
                        left + p->kernel_width <= p->input_width;
    if (!inside) {
        return copy_patch(p, input, top, left, scratch);
    }
    const patch found = {input + (top * p->input_width + left) * p->channels,
                         p->input_width * p->channels};
    return found;
}

static nn_quad_sums multiply(nn_quad_sums sums, const nn_depthwise_conv_2d_params *p, patch from,
                             const int8_t *weights) {
    for (int32_t y = 0; y < p->kernel_height; y++) {
        for (int32_t x = 0; x < p->kernel_width; x++) {
            sums = nn_multiply_quad(sums, from.first + x * p->channels, weights);
            weights += NN_QUAD;
        }
        from.first += from.row_step;
    }
    return sums;
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
    const bool is_3x3 = p->kernel_height == 3 && p->kernel_width == 3;
    const int32_t channels = p->channels, whole = channels - channels % NN_QUAD;
    const int8_t *weights = p->weights, *shifts = p->shifts;
    const int32_t *biases = p->biases, *multipliers = p->multipliers;
    for (const int8_t *const end = output + whole; output < end; output += NN_QUAD) {
        nn_quad_sums sums = {biases[0], biases[1], biases[2], biases[3]};
        sums = is_3x3 ? nn_multiply_3x3(sums, from.first, channels, from.row_step, weights)
                      : multiply(sums, p, from, weights);
        if ((shifts[0] & shifts[1] & shifts[2] & shifts[3]) < 0) {
            output[0] = nn_scale_sum_down(range, sums.a, multipliers[0], shifts[0]);
            output[1] = nn_scale_sum_down(range, sums.b, multipliers[1], shifts[1]);
            output[2] = nn_scale_sum_down(range, sums.c, multipliers[2], shifts[2]);
            output[3] = nn_scale_sum_down(range, sums.d, multipliers[3], shifts[3]);
        } else {
            write_any(range, sums, multipliers, shifts, output);
        }
        from.first += NN_QUAD;
        weights += taps * NN_QUAD;
        biases += NN_QUAD;
        multipliers += NN_QUAD;
        shifts += NN_QUAD;
    }
    return whole;
}

static void write_channel(const nn_depthwise_conv_2d_params *p, patch from, int32_t c,
                          int8_t *output) {
    const nn_range range = nn_make_range(p->output_zero_point, p->lowest, p->highest);
    const int8_t *weight = p->weights + c * p->kernel_height * p->kernel_width;
    int32_t sum = p->biases[c];
    for (int32_t y = 0; y < p->kernel_height; y++) {
        for (int32_t x = 0; x < p->kernel_width; x++) {
            sum += from.first[y * from.row_step + x * p->channels + c] * *weight++;
        }
    }
    output[c] = nn_scale_sum(range, sum, p->multipliers[c], p->shifts[c]);
}

void nn_depthwise_conv_2d_s8(const nn_depthwise_conv_2d_params *params, const int8_t *input,
                             int8_t *output, void *scratch) {
    const nn_depthwise_conv_2d_params *p = params;
    for (int32_t y = 0; y < p->output_height; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            const patch from = patch_at(p, input, y, x, scratch);
            for (int32_t c = write_quads(p, from, output); c < p->channels; c++) {
                write_channel(p, from, c, output);
            }
            output += p->channels;
        }
    }
}
