#include "elementwise.h"

#include <math.h>
#include <string.h>

uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Copy the values where the outputs are above 0; write 0 elsewhere. */
static void keep_positive(int64_t count, const lane_value *outputs, const lane_value *values,
                          lane_value *to) {
    for (int64_t i = 0; i < count; i++) {
        to[i] = outputs[i] > 0 ? values[i] : 0;
    }
}

static void keep_between(int64_t count, float highest, const lane_value *outputs,
                         const lane_value *values, lane_value *to) {
    for (int64_t i = 0; i < count; i++) {
        to[i] = outputs[i] > 0 && outputs[i] < highest ? values[i] : 0;
    }
}

static void limit(int64_t count, float highest, lane_value *values) {
    for (int64_t i = 0; i < count; i++) {
        values[i] = values[i] < highest ? values[i] : highest;
    }
}

void rectify(const node *of, const step *s) {
    const int64_t count = elements(of->out) * LANES;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const from = floats(of->input) + g * count;
        lane_value *const to = floats_of(of->output) + g * count;
        keep_positive(count, from, from, to);
        if (isfinite(of->highest)) {
            limit(count, of->highest, to);
        }
    }
}

void rectify_back(const node *of, const step *s, lanes *input_gradients) {
    const int64_t count = elements(of->out) * LANES;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const outputs = floats(of->output) + g * count;
        const lane_value *const from = floats(of->gradients) + g * count;
        lane_value *const to = floats_of(input_gradients) + g * count;
        if (isfinite(of->highest)) {
            keep_between(count, of->highest, outputs, from, to);
        } else {
            keep_positive(count, outputs, from, to);
        }
    }
}

void drop(const node *of, step *s) {
    const int64_t count = s->groups * elements(of->in);
    for (int64_t i = 0; i < count; i++) {
        lanes factor = lanes_of(1);
        for (int lane = 0; s->is_training && lane < LANES; lane++) {
            const double chance = (double)(next_random(&s->random) >> 11) * 0x1p-53;
            factor[lane] = chance < (double)of->rate ? 0 : 1 / (1 - of->rate);
        }
        of->output[i] = of->input[i] * factor;
        of->output[count + i] = factor;
    }
}

void drop_back(const node *of, const step *s, lanes *input_gradients) {
    const int64_t count = s->groups * elements(of->in);
    for (int64_t i = 0; i < count; i++) {
        input_gradients[i] = of->gradients[i] * of->output[count + i];
    }
}

void add(const node *of, const step *s) {
    const int64_t count = elements(of->out) * LANES;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const from = floats(of->input) + g * count;
        const lane_value *const with = floats(of->other) + g * count;
        lane_value *const to = floats_of(of->output) + g * count;
        for (int64_t i = 0; i < count; i++) {
            to[i] = from[i] + with[i];
        }
    }
}

void copy_gradients(const step *s, int64_t count, const lanes *from, lanes *to) {
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        memcpy(to + g * count, from + g * count, (size_t)count * sizeof *to);
    }
}

void add_gradients(const step *s, int64_t count, const lanes *from, lanes *to) {
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const own = floats(from + g * count);
        lane_value *const sums = floats_of(to + g * count);
        for (int64_t i = 0; i < count * LANES; i++) {
            sums[i] += own[i];
        }
    }
}
