#include "nn/stream.h"

#include <string.h>

void nn_stream_begin(const nn_stream *stream, uint8_t *arena) {
    memset(arena + stream->counters, 0, stream->steps * sizeof(uint16_t));
}

uint32_t nn_stream_run(const nn_stream *stream, uint8_t *arena, uint32_t entry, nn_make_row make) {
    uint16_t *const next_rows = (void *)(arena + stream->counters);
    while (entry < stream->length && stream->schedule[entry] != NN_NEXT_IMAGE_ROW) {
        const uint8_t step = stream->schedule[entry++];
        make(arena, stream->first_step + step, next_rows[step]++);
    }
    return entry;
}
