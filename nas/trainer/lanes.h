/*
 * Values of 16 images side by side: what every loop of the trainer works on.
 *
 * An activation of a group of 16 images is an array [height][width][channels] of lanes, so that a
 * network of three channels fills the processor's vectors as well as one of three hundred.
 */
#ifndef LANES_H
#define LANES_H

#include <stdint.h>

#define LANES 16

typedef float lanes __attribute__((vector_size(4 * LANES)));

static inline lanes lanes_of(float value) { return value - (lanes){0}; }

static inline float lanes_sum(lanes values) {
    float sum = 0;
    for (int i = 0; i < LANES; i++) {
        sum += values[i];
    }
    return sum;
}

static inline lanes lanes_max(lanes a, lanes b) {
    lanes result;
    for (int i = 0; i < LANES; i++) {
        result[i] = a[i] > b[i] ? a[i] : b[i];
    }
    return result;
}

/* Height, width and channels of an activation. */
typedef struct {
    int32_t height, width, channels;
} shape;

static inline int64_t elements(shape s) { return (int64_t)s.height * s.width * s.channels; }

static inline int64_t pixels(shape s) { return (int64_t)s.height * s.width; }

#endif
