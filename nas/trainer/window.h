/* How windows lie along rows or along columns of an activation, forward and back. */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdint.h>

typedef struct {
    int32_t in, out;        /* positions that are read, and windows */
    int32_t kernel, stride; /* positions of a window, and from one window to the next */
    int32_t before;         /* zeros before the first position */
} axis;

/* Taps from `first` to before `end`, of which the first one reads the position `start`; the next
 * ones read the next positions. No taps if `end` is not beyond `first`. */
typedef struct {
    int32_t first, end, start;
} reach;

/* Those of some taps that read a position from 0 to before `limit`, if tap 0 reads `base`. */
static inline reach within(int32_t base, int32_t taps, int32_t limit) {
    const int32_t first = base < 0 ? -base : 0, left = limit - base;
    const int32_t end = left < taps ? left : taps;
    const reach none = {0, 0, 0}, some = {first, end, base + first};
    return end > first ? some : none;
}

/* The taps of a window that lie inside. */
static inline reach taps_of(axis a, int32_t window) {
    return within(window * a.stride - a.before, a.kernel, a.in);
}

/* The windows of which a tap lies inside, from `first` to before `end`; `start` is what it reads of
 * the first of them. */
static inline reach windows_of(axis a, int32_t tap) {
    const int32_t right = tap - a.before, last = a.in - right;
    const int32_t first = right < 0 ? (-right + a.stride - 1) / a.stride : 0;
    const int32_t most = last > 0 ? (last + a.stride - 1) / a.stride : 0;
    const int32_t end = most < a.out ? most : a.out;
    const reach none = {0, 0, 0}, some = {first, end, first * a.stride + right};
    return end > first ? some : none;
}

/*
 * Back, positions read windows. A position is read by every `stride`-th tap alone: by those of its
 * phase, (position + before) % stride. So weights that carry gradients back are arranged by phase,
 * and no zeros are multiplied.
 */

/* A position of the input and its phase; both change as the position moves on. */
typedef struct {
    int32_t phase;
    int32_t window; /* the last one that begins at the position or before it */
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

/* Taps of one phase, and of all phases before it. */
static inline int32_t phase_taps(axis a, int32_t phase) {
    return a.kernel / a.stride + (phase < a.kernel % a.stride ? 1 : 0);
}

static inline int32_t taps_before(axis a, int32_t phase) {
    const int32_t rest = a.kernel % a.stride;
    return a.kernel / a.stride * phase + (phase < rest ? phase : rest);
}

/* The taps of a place that read a window, counted from the one that reads the first window. */
static inline reach windows_at(axis a, place p) {
    const int32_t taps = phase_taps(a, p.phase);
    return within(p.window - taps + 1, taps, a.out);
}

#endif
