#include "nn/mean.h"

#include "channel_sums.h"
#include "nn/fixed_point.h"

static int8_t scale_sum(const nn_mean_params *p, int32_t sum) {
    const int32_t centred = sum - p->input_zero_point * p->pixels;
    const int32_t scaled = nn_rescale(centred, p->multiplier, p->shift) + p->output_zero_point;
    return (int8_t)nn_clamp(scaled, INT8_MIN, INT8_MAX);
}

static void write_quad(const nn_mean_params *p, const int8_t *pixel, int8_t *output) {
    nn_four_sums sums = {0, 0, 0, 0};
    for (int32_t left = p->pixels; left > 0; left -= NN_MOST_SUMMED) {
        const int32_t count = left < NN_MOST_SUMMED ? left : NN_MOST_SUMMED;
        const nn_channel_sums packed = {0};
        const nn_four_sums part = nn_each_sum(nn_sum_row(packed, pixel, count, p->channels));
        sums.a += part.a;
        sums.b += part.b;
        sums.c += part.c;
        sums.d += part.d;
        pixel += count * p->channels;
    }
    output[0] = scale_sum(p, sums.a);
    output[1] = scale_sum(p, sums.b);
    output[2] = scale_sum(p, sums.c);
    output[3] = scale_sum(p, sums.d);
}

void nn_mean_s8(const nn_mean_params *params, const int8_t *input, int8_t *output) {
    const nn_mean_params p = *params;
    if (p.channels >= NN_QUAD) {
        for (int32_t c = 0; c < p.channels; c += NN_QUAD) {
            /* The last four may be some of the four before. */
            const int32_t first = c + NN_QUAD > p.channels ? p.channels - NN_QUAD : c;
            write_quad(&p, input + first, output + first);
        }
        return;
    }
    for (int32_t c = 0; c < p.channels; c++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p.pixels; i++) {
            sum += input[i * p.channels + c];
        }
        output[c] = scale_sum(&p, sum);
    }
}
