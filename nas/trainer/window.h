/* Positions of windows along the rows or the columns of an activation, forward and backward. */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdint.h>

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

typedef struct {
    int32_t in, out;        /* number of input positions, and of windows */
    int32_t kernel, stride; /* positions of a window; distance of two windows */
    int32_t before;         /* padding: zeros before the first position */
} axis;

/* The taps [first, end). The first one reads the position `start`, the next ones the next
 * positions. The range is empty if `end` is not above `first`. */
typedef struct {
    int32_t first, end, start;
} reach;

/* The range of `taps` taps that reads positions in [0, limit). Tap 0 reads position `base`. */
static inline reach within(int32_t base, int32_t taps, int32_t limit) {
    const int32_t first = base < 0 ? -base : 0, left = limit - base;
    const int32_t end = left < taps ? left : taps;
    const reach none = {0, 0, 0}, some = {first, end, base + first};
    return end > first ? some : none;
}

/* The taps of a window that lie inside the input. */
static inline reach taps_of(axis a, int32_t window) {
    return within(window * a.stride - a.before, a.kernel, a.in);
}

/* The windows [first, end) whose tap `tap` lies inside the input. In the first of them, the tap
 * reads the position `start`. */
static inline reach windows_of(axis a, int32_t tap) {
    const int32_t right = tap - a.before, last = a.in - right;
    const int32_t first = right < 0 ? (-right + a.stride - 1) / a.stride : 0;
    const int32_t most = last > 0 ? (last + a.stride - 1) / a.stride : 0;
    const int32_t end = most < a.out ? most : a.out;
    const reach none = {0, 0, 0}, some = {first, end, first * a.stride + right};
    return end > first ? some : none;
}

/*
 * In the backward pass, each position reads the gradients of windows. Only every `stride`-th tap
 * reads a given position: the taps of its phase, (position + before) % stride. The weights for the
 * backward pass are sorted by phase, so no zeros are multiplied.
 */

/* A position of the input, as its phase and a window. `move_on` advances it by one. */
typedef struct {
    int32_t phase;
    int32_t window; /* the last window that begins at or before the position */
} place;

static inline place first_place(axis a) {
    const place result = {a.before % a.stride, a.before / a.stride};
    return result;
}

static inline void move_on(axis a, place *p) {
    if (++p->phase == a.stride) {
        p->phase = 0;
        p->window++;
    }
}

/* The number of taps of one phase. `taps_before`: of all phases before it. */
static inline int32_t phase_taps(axis a, int32_t phase) {
    return a.kernel / a.stride + (phase < a.kernel % a.stride ? 1 : 0);
}

static inline int32_t taps_before(axis a, int32_t phase) {
    const int32_t rest = a.kernel % a.stride;
    return a.kernel / a.stride * phase + (phase < rest ? phase : rest);
}

/* The taps of a place that read an existing window. Tap 0 reads the earliest window. */
static inline reach windows_at(axis a, place p) {
    const int32_t taps = phase_taps(a, p.phase);
    return within(p.window - taps + 1, taps, a.out);
}

#endif
