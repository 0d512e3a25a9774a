/*
 * Lanes: the values of 16 images side by side. Every loop of the trainer works on them.
 *
 * An activation of a group of 16 images is an array [height][width][channels] of lanes. So the
 * vectors of the processor are full for any number of channels.
 */
#ifndef LANES_H
#define LANES_H

#include <stdint.h>

#define LANES 16

/* For functions that are always inlined, because callers pass compile-time constants. */
#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((vector_size(4 * LANES)));

/*
 * Lanes are divided into vectors of the processor's width. Loops that keep sums in registers use
 * these vectors, because the compiler keeps wider ones in memory. Other loops use floats, which the
 * compiler vectorizes itself.
 */
#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define PARTS (LANES / WIDTH)

typedef float vector __attribute__((vector_size(4 * WIDTH), may_alias));

static inline const vector *parts(const lanes *values) { return (const vector *)values; }

static inline vector *parts_of(lanes *values) { return (vector *)values; }

typedef float lane_value __attribute__((may_alias));

static inline const lane_value *floats(const lanes *values) { return (const lane_value *)values; }

static inline lane_value *floats_of(lanes *values) { return (lane_value *)values; }

static inline lanes lanes_of(float value) { return value - (lanes){0}; }

static inline float lanes_sum(lanes values) {
    float sum = 0;
    for (int i = 0; i < LANES; i++) {
        sum += values[i];
    }
    return sum;
}

/* Height, width and channels of an activation. */
typedef struct {
    int32_t height, width, channels;
} shape;

static inline int64_t elements(shape s) { return (int64_t)s.height * s.width * s.channels; }

static inline int64_t pixels(shape s) { return (int64_t)s.height * s.width; }

#endif
