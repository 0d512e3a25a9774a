#include "nn/reduce.h"

#include "nn/fixed_point.h"

typedef int32_t (*joining)(int32_t so_far, int32_t value);

static inline int32_t add(int32_t so_far, int32_t value) { return so_far + value; }

static inline int32_t larger(int32_t so_far, int32_t value) {
    return value > so_far ? value : so_far;
}

static inline int32_t smaller(int32_t so_far, int32_t value) {
    return value < so_far ? value : so_far;
}

/* All elements of the reduced dimensions, from one on. */
static inline int32_t join(const nn_reduce_loops *loops, const int8_t *from, int32_t so_far,
                           joining one) {
    for (int32_t a = 0; a < loops->counts[0]; a++) {
        const int8_t *second = from + a * loops->steps[0];
        for (int32_t b = 0; b < loops->counts[1]; b++) {
            const int8_t *value = second;
            for (int32_t c = loops->counts[2]; c > 0; c--) {
                so_far = one(so_far, *value);
                value += loops->steps[2];
            }
            second += loops->steps[1];
        }
    }
    return so_far;
}

/* The first element of output `index` in the input. */
static inline int32_t place_of(const nn_reduce_loops *kept, int32_t index) {
    const int32_t left = index / kept->counts[2];
    return index % kept->counts[2] * kept->steps[2] + left % kept->counts[1] * kept->steps[1] +
           left / kept->counts[1] * kept->steps[0];
}

static inline int32_t count_of(const nn_reduce_loops *kept) {
    return kept->counts[0] * kept->counts[1] * kept->counts[2];
}

void nn_reduce_mean_s8(const nn_reduce_mean_params *params, const int8_t *input, int8_t *output) {
    const nn_reduce_mean_params *const p = params;
    for (int32_t i = 0; i < count_of(&p->kept); i++) {
        const int32_t sum = join(&p->reduced, input + place_of(&p->kept, i), 0, add);
        const int32_t scaled = nn_rescale(sum - p->sum_zero_point, p->multiplier, p->shift);
        output[i] = (int8_t)nn_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
    }
}

void nn_reduce_max_s8(const nn_reduce_params *params, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < count_of(&params->kept); i++) {
        const int8_t *from = input + place_of(&params->kept, i);
        output[i] = (int8_t)join(&params->reduced, from, INT8_MIN, larger);
    }
}

void nn_reduce_min_s8(const nn_reduce_params *params, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < count_of(&params->kept); i++) {
        const int8_t *from = input + place_of(&params->kept, i);
        output[i] = (int8_t)join(&params->reduced, from, INT8_MAX, smaller);
    }
}
