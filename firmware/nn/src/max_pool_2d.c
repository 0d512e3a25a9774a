#include "nn/max_pool_2d.h"

#include <string.h>

#include "nn/fixed_point.h"
#include "pool_windows.h"
#include "quads.h"

#if NN_HAS_DSP

/* The larger of each two bytes. The flags by which SEL chooses last no longer than this. */
static inline uint32_t larger_bytes(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm("ssub8 %[larger], %[a], %[b]\n"
          "sel   %[larger], %[a], %[b]\n"
          : [larger] "=&r"(larger)
          : [a] "r"(a), [b] "r"(b));
    return larger;
}

static inline uint32_t smaller_bytes(uint32_t a, uint32_t b) {
    return ~larger_bytes(~a, ~b); /* ~a = -a - 1 */
}

static inline uint32_t four_times(int32_t value) { return 0x01010101U * (uint8_t)value; }

static inline uint32_t row_maximum(uint32_t maximum, const int8_t *pixel, int32_t count,
                                   int32_t step) {
    const int8_t *const end = pixel + count * step;
    do {
        uint32_t four;
        memcpy(&four, pixel, sizeof four);
        maximum = larger_bytes(maximum, four);
        pixel += step;
    } while (pixel != end);
    return maximum;
}

/* All channels of a pixel, NN_QUAD or more of them; the last four may be some of the four before.
 */
static void write_quads(const nn_pool_2d_params *p, nn_window window, int8_t *output) {
    const uint32_t lowest = four_times(p->lowest), highest = four_times(p->highest);
    for (int32_t left = p->channels; left > 0; left -= NN_QUAD) {
        const int32_t back = left < NN_QUAD ? NN_QUAD - left : 0;
        const int8_t *row = window.first -= back;
        uint32_t maximum = lowest;
        for (int32_t y = 0; y < window.rows; y++) {
            maximum = row_maximum(maximum, row, window.columns, window.step);
            row = nn_next_row(window.band, row);
        }
        maximum = smaller_bytes(maximum, highest);
        output -= back;
        memcpy(output, &maximum, sizeof maximum);
        window.first += NN_QUAD;
        output += NN_QUAD;
    }
}

#endif

/* One channel of a window. */
static int8_t channel_maximum(const nn_pool_2d_params *p, nn_window window) {
    int32_t maximum = INT8_MIN;
    for (int32_t y = 0; y < window.rows; y++) {
        for (int32_t x = 0; x < window.columns; x++) {
            maximum = nn_larger(maximum, window.first[x * window.step]);
        }
        window.first = nn_next_row(window.band, window.first);
    }
    return (int8_t)nn_clamp(maximum, p->lowest, p->highest);
}

static void write_pixel(const nn_pool_2d_params *p, nn_window window, int8_t *output) {
#if NN_HAS_DSP
    if (p->channels >= NN_QUAD) {
        write_quads(p, window, output);
        return;
    }
#endif
    for (int32_t c = 0; c < p->channels; c++) {
        output[c] = channel_maximum(p, window);
        window.first++;
    }
}

void nn_max_pool_2d_s8(const nn_pool_2d_params *params, uint8_t *arena, int32_t first_row,
                       int32_t row_count) {
    const nn_pool_2d_params p = *params;
    for (int32_t y = first_row; y < first_row + row_count; y++) {
        const nn_band band = nn_pool_2d_band(&p, arena, y);
        int8_t *output = nn_row_at(&p.output, arena, y);
        for (int32_t x = 0; x < p.output_width; x++) {
            write_pixel(&p, nn_window_at(&p, &band, x), output);
            output += p.channels;
        }
    }
}
