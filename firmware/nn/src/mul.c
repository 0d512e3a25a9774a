#include "nn/mul.h"

#include "nn/fixed_point.h"

void nn_mul_s8(const nn_mul_params *params, const int8_t *first, const int8_t *second,
               int8_t *output) {
    const nn_mul_params p = *params;
    for (int32_t left = p.count; left > 0; left -= p.channels) {
        for (int32_t c = 0; c < p.channels; c++) {
            const int32_t product =
                (*first++ - p.first_zero_point) * (second[c] - p.second_zero_point);
            const int32_t scaled = nn_rescale(product, p.multiplier, p.shift) + p.output_zero_point;
            *output++ = (int8_t)nn_clamp(scaled, p.lowest, p.highest);
        }
    }
}

void nn_mul_constant_s8(const nn_mul_params *params, const int8_t *input, int8_t *output) {
    nn_mul_s8(params, input, params->constant, output);
}
