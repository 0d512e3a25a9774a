/**
 * Runs a segment of a network row by row: a step makes its next row as soon as the rows that it
 * reads exist. The order was worked out before, and is a constant: the schedule.
 */
#ifndef NN_STREAM_H
#define NN_STREAM_H

#include <stdint.h>

/** Entry of a schedule at which the next row of the model's input is needed. */
#define NN_NEXT_IMAGE_ROW 255

typedef struct {
    const uint8_t *schedule; /* for each row its step, from 0 in the segment; NN_NEXT_IMAGE_ROW */
    uint32_t length;         /* entries of the schedule */
    uint32_t first_step;     /* of the network's steps */
    uint32_t steps;
    uint32_t counters; /* offset in the arena of `steps` uint16_t: the next row of each step */
} nn_stream;

/** Makes a row of the output of one of the network's steps. */
typedef void (*nn_make_row)(uint8_t *arena, uint32_t step, int32_t row);

/** Every step begins with its first row. */
void nn_stream_begin(const nn_stream *stream, uint8_t *arena);

/**
 * Makes rows from an entry of the schedule on, up to the next NN_NEXT_IMAGE_ROW or to the end.
 * Returns the index of the entry at which it stopped.
 */
uint32_t nn_stream_run(const nn_stream *stream, uint8_t *arena, uint32_t entry, nn_make_row make);

#endif
