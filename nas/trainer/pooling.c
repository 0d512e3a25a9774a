#include "pooling.h"

#include <string.h>

/* The first of the two rows of inputs of a row of outputs; a last row or column that fills no
 * window is left out. */
static int64_t row_of_windows(const layer *l, int32_t group, int32_t y) {
    return group * elements(l->in) + (int64_t)2 * y * l->in.width * l->in.channels;
}

static inline float larger(float a, float b) { return a > b ? a : b; }

void pool(const layer *l, const step *s) {
    const int32_t across = l->in.channels * LANES, down = l->in.width * across;
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        lane_value *to = floats_of(l->output + g * elements(l->out));
        for (int32_t y = 0; y < l->out.height; y++) {
            const lane_value *from = floats(l->input + row_of_windows(l, g, y));
            for (int32_t x = 0; x < l->out.width; x++) {
                for (int32_t j = 0; j < across; j++) {
                    to[j] = larger(larger(from[j], from[across + j]),
                                   larger(from[down + j], from[down + across + j]));
                }
                to += across;
                from += 2 * across;
            }
        }
    }
}

/* Gradients of one window of each channel, to the first of the largest, as TensorFlow does. */
static void give_back(int32_t across, int32_t down, const lane_value *restrict from,
                      const lane_value *restrict largest, const lane_value *restrict gradients,
                      lane_value *restrict to) {
    const int32_t steps[] = {0, across, down, down + across};
    for (int32_t j = 0; j < across; j++) {
        float left = gradients[j];
        for (int i = 0; i < 4; i++) {
            const bool is_largest = from[steps[i] + j] == largest[j];
            to[steps[i] + j] = is_largest ? left : 0;
            left = is_largest ? 0 : left;
        }
    }
}

void pool_back(const layer *l, const step *s, const lanes *output_gradients,
               lanes *input_gradients) {
    const int32_t across = l->in.channels * LANES, down = l->in.width * across;
    if (l->in.height % 2 != 0 || l->in.width % 2 != 0) {
        memset(input_gradients, 0, (size_t)(s->groups * elements(l->in)) * sizeof(lanes));
    }
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *largest = floats(l->output + g * elements(l->out));
        const lane_value *gradients = floats(output_gradients + g * elements(l->out));
        for (int32_t y = 0; y < l->out.height; y++) {
            const int64_t row = row_of_windows(l, g, y);
            for (int32_t x = 0; x < l->out.width; x++) {
                const int64_t first = row * LANES + (int64_t)2 * x * across;
                give_back(across, down, floats(l->input) + first, largest, gradients,
                          floats_of(input_gradients) + first);
                largest += across;
                gradients += across;
            }
        }
    }
}

void average(const layer *l, const step *s) {
    const int32_t across = l->in.channels * LANES;
    const float share = 1.0f / (float)pixels(l->in);
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *from = floats(l->input + g * elements(l->in));
        lane_value *const to = floats_of(l->output + g * elements(l->out));
        memset(to, 0, (size_t)across * sizeof *to);
        for (int64_t i = 0; i < pixels(l->in); i++) {
            for (int32_t j = 0; j < across; j++) {
                to[j] += from[j] * share;
            }
            from += across;
        }
    }
}

void average_back(const layer *l, const step *s, const lanes *output_gradients,
                  lanes *input_gradients) {
    const int32_t across = l->in.channels * LANES;
    const float share = 1.0f / (float)pixels(l->in);
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const from = floats(output_gradients + g * elements(l->out));
        lane_value *to = floats_of(input_gradients + g * elements(l->in));
        for (int64_t i = 0; i < pixels(l->in); i++) {
            for (int32_t j = 0; j < across; j++) {
                to[j] = from[j] * share;
            }
            to += across;
        }
    }
}
