#include "pooling.h"

#include <string.h>

static inline float larger(float a, float b) { return a > b ? a : b; }

/* The window of a pooling. Consecutive pixels are `across` values apart, rows `down` values. */
typedef struct {
    int32_t rows, columns;
    int64_t across, down;
} window;

static window window_of(const node *of) {
    const int64_t across = (int64_t)of->in.channels * LANES;
    const window result = {of->kernels.rows.kernel, of->kernels.columns.kernel, across,
                           of->in.width * across};
    return result;
}

/* The index of the first input value that output row `y` reads. */
static int64_t row_of_windows(const node *of, int32_t group, int32_t y) {
    const int64_t row = (int64_t)of->kernels.rows.stride * y;
    return (group * elements(of->in) + row * of->in.width * of->in.channels) * LANES;
}

static bool is_two_by_two(window w) { return w.rows == 2 && w.columns == 2; }

static void take_largest_of_four(window w, const lane_value *from, lane_value *to) {
    const int64_t across = w.across, down = w.down;
    for (int64_t j = 0; j < across; j++) {
        to[j] = larger(larger(from[j], from[across + j]),
                       larger(from[down + j], from[down + across + j]));
    }
}

static void take_largest(window w, const lane_value *from, lane_value *to) {
    memcpy(to, from, (size_t)w.across * sizeof *to);
    for (int32_t i = 1; i < w.rows * w.columns; i++) {
        const lane_value *const own = from + i / w.columns * w.down + i % w.columns * w.across;
        for (int64_t j = 0; j < w.across; j++) {
            to[j] = larger(to[j], own[j]);
        }
    }
}

static void add_up(window w, const lane_value *from, lane_value *to) {
    const float share = 1.0f / ((float)w.rows * (float)w.columns);
    memset(to, 0, (size_t)w.across * sizeof *to);
    for (int32_t i = 0; i < w.rows * w.columns; i++) {
        const lane_value *const own = from + i / w.columns * w.down + i % w.columns * w.across;
        for (int64_t j = 0; j < w.across; j++) {
            to[j] += own[j] * share;
        }
    }
}

/* Compute one output pixel from each window, for all images of the step. */
INLINE void pool(const node *of, const step *s,
                 void (*take)(window w, const lane_value *from, lane_value *to)) {
    const window w = window_of(of);
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        lane_value *to = floats_of(of->output + g * elements(of->out));
        for (int32_t y = 0; y < of->out.height; y++) {
            const lane_value *from = floats(of->input) + row_of_windows(of, g, y);
            for (int32_t x = 0; x < of->out.width; x++) {
                take(w, from, to);
                to += w.across;
                from += w.columns * w.across;
            }
        }
    }
}

void pool_largest(const node *of, const step *s) {
    if (is_two_by_two(window_of(of))) {
        pool(of, s, take_largest_of_four);
    } else {
        pool(of, s, take_largest);
    }
}

void pool_average(const node *of, const step *s) { pool(of, s, add_up); }

/* Pass the gradient of a window to its largest value. If several values are the largest, the first
 * one gets it, as in TensorFlow. */
static void give_to_largest_of_four(window w, const lane_value *restrict from,
                                    const lane_value *restrict largest,
                                    const lane_value *restrict gradients, lane_value *restrict to) {
    const int64_t steps[] = {0, w.across, w.down, w.down + w.across};
    for (int64_t j = 0; j < w.across; j++) {
        float left = gradients[j];
        for (int i = 0; i < 4; i++) {
            const bool is_largest = from[steps[i] + j] == largest[j];
            to[steps[i] + j] = is_largest ? left : 0;
            left = is_largest ? 0 : left;
        }
    }
}

static void give_to_largest(window w, const lane_value *restrict from,
                            const lane_value *restrict largest,
                            const lane_value *restrict gradients, lane_value *restrict to) {
    for (int64_t first = 0; first < w.across; first += LANES) {
        float left[LANES];
        memcpy(left, gradients + first, sizeof left);
        for (int32_t i = 0; i < w.rows * w.columns; i++) {
            const int64_t at = first + i / w.columns * w.down + i % w.columns * w.across;
            for (int j = 0; j < LANES; j++) {
                const bool is_largest = from[at + j] == largest[first + j];
                to[at + j] = is_largest ? left[j] : 0;
                left[j] = is_largest ? 0 : left[j];
            }
        }
    }
}

static void give_to_all(window w, const lane_value *restrict from,
                        const lane_value *restrict largest, const lane_value *restrict gradients,
                        lane_value *restrict to) {
    (void)from, (void)largest;
    const float share = 1.0f / ((float)w.rows * (float)w.columns);
    for (int32_t i = 0; i < w.rows * w.columns; i++) {
        lane_value *const own = to + i / w.columns * w.down + i % w.columns * w.across;
        for (int64_t j = 0; j < w.across; j++) {
            own[j] = gradients[j] * share;
        }
    }
}

/* Compute the gradients of each window, for all images of the step. Pixels that are in no window
 * get 0. */
INLINE void pool_back(const node *of, const step *s, lanes *input_gradients,
                      void (*give)(window w, const lane_value *restrict from,
                                   const lane_value *restrict largest,
                                   const lane_value *restrict gradients, lane_value *restrict to)) {
    const window w = window_of(of);
    if (of->in.height % w.rows != 0 || of->in.width % w.columns != 0) {
        memset(input_gradients, 0, (size_t)(s->groups * elements(of->in)) * sizeof(lanes));
    }
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *largest = floats(of->output + g * elements(of->out));
        const lane_value *gradients = floats(of->gradients + g * elements(of->out));
        for (int32_t y = 0; y < of->out.height; y++) {
            int64_t at = row_of_windows(of, g, y);
            for (int32_t x = 0; x < of->out.width; x++) {
                give(w, floats(of->input) + at, largest, gradients,
                     floats_of(input_gradients) + at);
                largest += w.across;
                gradients += w.across;
                at += w.columns * w.across;
            }
        }
    }
}

void pool_largest_back(const node *of, const step *s, lanes *input_gradients) {
    if (is_two_by_two(window_of(of))) {
        pool_back(of, s, input_gradients, give_to_largest_of_four);
    } else {
        pool_back(of, s, input_gradients, give_to_largest);
    }
}

void pool_average_back(const node *of, const step *s, lanes *input_gradients) {
    pool_back(of, s, input_gradients, give_to_all);
}

void average(const node *of, const step *s) {
    const int32_t across = of->in.channels * LANES;
    const float share = 1.0f / (float)pixels(of->in);
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *from = floats(of->input + g * elements(of->in));
        lane_value *const to = floats_of(of->output + g * elements(of->out));
        memset(to, 0, (size_t)across * sizeof *to);
        for (int64_t i = 0; i < pixels(of->in); i++) {
            for (int32_t j = 0; j < across; j++) {
                to[j] += from[j] * share;
            }
            from += across;
        }
    }
}

void average_back(const node *of, const step *s, lanes *input_gradients) {
    const int32_t across = of->in.channels * LANES;
    const float share = 1.0f / (float)pixels(of->in);
    EACH_GROUP
    for (int32_t g = 0; g < s->groups; g++) {
        const lane_value *const from = floats(of->gradients + g * elements(of->out));
        lane_value *to = floats_of(input_gradients + g * elements(of->in));
        for (int64_t i = 0; i < pixels(of->in); i++) {
            for (int32_t j = 0; j < across; j++) {
                to[j] = from[j] * share;
            }
            to += across;
        }
    }
}
