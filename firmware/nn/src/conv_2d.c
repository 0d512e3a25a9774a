#include "nn/conv_2d.h"

#include "nn/fixed_point.h"

/* First and end index of the kernel along one dimension that lie inside the input. */
typedef struct {
    int32_t first, end;
} span;

static span inside(int32_t origin, int32_t kernel, int32_t input) {
    const span s = {origin < 0 ? -origin : 0, input - origin < kernel ? input - origin : kernel};
    return s;
}

static int32_t dot(const int8_t *weights, const int8_t *input, int32_t count, int32_t zero_point) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += weights[i] * (input[i] - zero_point);
    }
    return sum;
}

/* The sum of products at one place of the input for one output channel. */
static int32_t convolve(const nn_conv_2d_params *p, const int8_t *weights, const int8_t *input,
                        int32_t origin_y, int32_t origin_x) {
    const span rows = inside(origin_y, p->kernel_height, p->input_height);
    const span columns = inside(origin_x, p->kernel_width, p->input_width);
    const int32_t count = (columns.end - columns.first) * p->input_channels;
    int32_t sum = 0;
    for (int32_t y = rows.first; y < rows.end && count > 0; y++) {
        const int32_t pixel = (origin_y + y) * p->input_width + origin_x + columns.first;
        sum += dot(weights + (y * p->kernel_width + columns.first) * p->input_channels,
                   input + pixel * p->input_channels, count, p->input_zero_point);
    }
    return sum;
}

void nn_conv_2d_s8(const nn_conv_2d_params *params, const int8_t *input, int8_t *output) {
    const nn_conv_2d_params *p = params;
    const int32_t kernel_size = p->kernel_height * p->kernel_width * p->input_channels;
    for (int32_t y = 0; y < p->output_height; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            for (int32_t c = 0; c < p->output_channels; c++) {
                const int32_t sum = p->biases[c] + convolve(p, p->weights + c * kernel_size, input,
                                                            y * p->stride_height - p->padding_top,
                                                            x * p->stride_width - p->padding_left);
                const int32_t scaled =
                    nn_rescale(sum, p->multipliers[c], p->shifts[c]) + p->output_zero_point;
                *output++ = (int8_t)nn_clamp(scaled, p->lowest, p->highest);
            }
        }
    }
}
