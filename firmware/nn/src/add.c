#include "nn/add.h"

#include "elementwise.h"
#include "nn/fixed_point.h"

static inline int32_t scale_first(const nn_add_scaling *p, int8_t value) {
    return nn_rescale(nn_shift_left(value - p->first_zero_point, p->left_shift),
                      p->first_multiplier, p->first_shift);
}

static inline int8_t scale_sum(const nn_add_scaling *p, int32_t sum) {
    const int32_t scaled =
        nn_rescale(sum, p->output_multiplier, p->output_shift) + p->output_zero_point;
    return (int8_t)nn_clamp(scaled, p->lowest, p->highest);
}

static void add(const nn_add_scaling *scaling, const int8_t *first, const int8_t *second,
                int8_t *output, int32_t count) {
    const nn_add_scaling p = *scaling;
    for (int32_t left = count; left > 0; left -= p.channels) {
        for (int32_t c = 0; c < p.channels; c++) {
            const int32_t scaled =
                nn_rescale(nn_shift_left(second[c] - p.second_zero_point, p.left_shift),
                           p.second_multiplier, p.second_shift);
            *output++ = scale_sum(&p, scale_first(&p, *first++) + scaled);
        }
    }
}

void nn_add_s8(const nn_add_params *params, uint8_t *arena, int32_t first_row, int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        add(&params->scaling, nn_row_at(&params->first, arena, y),
            nn_row_at(&params->second, arena, y), nn_row_at(&params->output, arena, y),
            params->row_elements);
    }
}

void nn_add_constant(const nn_add_scaling *scaling, const int8_t *input, int8_t *output,
                     int32_t count) {
    const nn_add_scaling p = *scaling;
    for (int32_t left = count; left > 0; left -= p.channels) {
        for (int32_t c = 0; c < p.channels; c++) {
            *output++ = scale_sum(&p, scale_first(&p, *input++) + p.addends[c]);
        }
    }
}

void nn_add_constant_s8(const nn_add_params *params, uint8_t *arena, int32_t first_row,
                        int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        nn_add_constant(&params->scaling, nn_row_at(&params->first, arena, y),
                        nn_row_at(&params->output, arena, y), params->row_elements);
    }
}
