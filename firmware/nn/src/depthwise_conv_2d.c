#include "nn/depthwise_conv_2d.h"

#include <stdbool.h>

#include "quads.h"
#include "scale_sums.h"

/* A patch of the image: in the image itself, or copied where it reaches over its border. */
typedef struct {
    const int8_t *first;
    int32_t row_step; /* bytes from one row to the next */
} patch;

/* Copy a patch, with the zero point where there is no image. */
static patch copy_patch(const nn_depthwise_conv_2d_params *p, const int8_t *input, int32_t top,
                        int32_t left, int8_t *to) {
    const patch copied = {to, p->kernel_width * p->channels};
    for (int32_t y = top; y < top + p->kernel_height; y++) {
        for (int32_t x = left; x < left + p->kernel_width; x++) {
            if (y >= 0 && y < p->input_height && x >= 0 && x < p->input_width) {
                memcpy(to, input + (y * p->input_width + x) * p->channels, (size_t)p->channels);
            } else {
                memset(to, p->input_zero_point, (size_t)p->channels);
            }
            to += p->channels;
        }
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

static void write_quad(const nn_depthwise_conv_2d_params *p, patch from, int32_t c,
                       int8_t *output) {
    const int32_t *const bias = &p->biases[c];
    int32_t sums[NN_QUAD] = {bias[0], bias[1], bias[2], bias[3]};
    const int8_t *weights = p->weights + c;
    const int8_t *row = from.first + c;
    for (int32_t y = 0; y < p->kernel_height; y++) {
        nn_multiply_quads(row, weights, p->kernel_width, p->channels, sums);
        weights += p->kernel_width * p->channels;
        row += from.row_step;
    }
    nn_scaling scaling = {0, 0, p->output_zero_point, p->lowest, p->highest};
    for (int32_t i = 0; i < NN_QUAD; i++) {
        scaling.multiplier = p->multipliers[c + i];
        scaling.shift = p->shifts[c + i];
        output[c + i] = nn_scale_sum(&scaling, sums[i]);
    }
}

static void write_channel(const nn_depthwise_conv_2d_params *p, patch from, int32_t c,
                          int8_t *output) {
    const nn_scaling scaling = {p->multipliers[c], p->shifts[c], p->output_zero_point, p->lowest,
                                p->highest};
    const int8_t *weight = p->weights + c;
    int32_t sum = p->biases[c];
    for (int32_t y = 0; y < p->kernel_height; y++) {
        for (int32_t x = 0; x < p->kernel_width; x++) {
            sum += from.first[y * from.row_step + x * p->channels + c] * *weight;
            weight += p->channels;
        }
    }
    output[c] = nn_scale_sum(&scaling, sum);
}

void nn_depthwise_conv_2d_s8(const nn_depthwise_conv_2d_params *params, const int8_t *input,
                             int8_t *output, void *scratch) {
    const nn_depthwise_conv_2d_params *p = params;
    for (int32_t y = 0; y < p->output_height; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            const patch from = patch_at(p, input, y, x, scratch);
            int32_t c = 0;
            for (; c + NN_QUAD <= p->channels; c += NN_QUAD) {
                write_quad(p, from, c, output);
            }
            for (; c < p->channels; c++) {
                write_channel(p, from, c, output);
            }
            output += p->channels;
        }
    }
}
