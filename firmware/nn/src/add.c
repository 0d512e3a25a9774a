#include "nn/add.h"

#include <stdbool.h>

#include "elementwise.h"
#include "scale_sums.h"

static inline int32_t scale_first(const nn_add_scaling *p, int8_t value) {
    return nn_rescale(nn_shift_left(value - p->first_zero_point, p->left_shift),
                      p->first_multiplier, p->first_shift);
}

static inline int8_t scale_sum(const nn_add_scaling *p, int32_t sum) {
    const int32_t scaled =
        nn_rescale(sum, p->output_multiplier, p->output_shift) + p->output_zero_point;
    return (int8_t)nn_clamp(scaled, p->lowest, p->highest);
}

/* An operand: its elements, and how they are scaled. */
typedef struct {
    const int8_t *values;
    int32_t zero_point, multiplier, shift;
} operand;

/*
 * The operand of the larger scale is halved, exactly: its factor is 1/2. `smaller` is scaled down,
 * and so is the sum. The same bits as below. Made twice, for narrow limits and without them.
 */
static inline __attribute__((always_inline)) void add_halved_within(const nn_add_scaling *p,
                                                                    operand larger, operand smaller,
                                                                    int8_t *output, int32_t count,
                                                                    bool is_narrow) {
    const nn_range range = {2 * p->output_zero_point + 1, p->lowest, p->highest, is_narrow};
    const int32_t multiplier = p->output_multiplier, shift = p->output_shift;
    const int32_t scale = INT32_C(1) << p->left_shift, half = scale >> 1, twice = 2 * scale;
    const int32_t offset = -smaller.zero_point * twice;
    const int32_t rounding = 1 - larger.zero_point * scale; /* of twice the sum */
    for (const int8_t *const end = output + count; output < end; output++) {
        const int32_t high = nn_scale_half(*smaller.values++ * twice + offset, smaller.multiplier);
        const int32_t halves = ((high + (high >> 31)) >> ~smaller.shift) + rounding;
        const int32_t sum = *larger.values++ * half + (halves >> 1);
        *output = nn_scale_large_down(range, sum, multiplier, shift);
    }
}

static void add_halved(const nn_add_scaling *p, operand larger, operand smaller, int8_t *output,
                       int32_t count) {
    if (nn_make_range(0, p->lowest, p->highest).is_narrow) {
        add_halved_within(p, larger, smaller, output, count, true);
    } else {
        add_halved_within(p, larger, smaller, output, count, false);
    }
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

static bool is_half(operand own) { return own.multiplier == INT32_C(1) << 30 && own.shift == 0; }

static void add_row(const nn_add_scaling *p, const int8_t *first, const int8_t *second,
                    int8_t *output, int32_t count) {
    const operand one = {first, p->first_zero_point, p->first_multiplier, p->first_shift};
    const operand other = {second, p->second_zero_point, p->second_multiplier, p->second_shift};
    const bool is_single = p->channels == count && p->output_shift < 0;
    if (is_single && is_half(one) && other.shift < 0) {
        add_halved(p, one, other, output, count);
    } else if (is_single && is_half(other) && one.shift < 0) {
        add_halved(p, other, one, output, count);
    } else {
        add(p, first, second, output, count);
    }
}

void nn_add_s8(const nn_add_params *params, uint8_t *arena, int32_t first_row, int32_t row_count) {
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        add_row(&params->scaling, nn_row_at(&params->first, arena, y),
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
