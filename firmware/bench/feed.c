#include "feed.h"

#include "crc32.h"
#include "selection.h"
#include "timed_run.h"

static struct {
    uint32_t received_bytes, crc;
    uint32_t ticks; /* without those of measuring */
    int status;
} fed;

/* Runs a part of the inference unless one before it failed. */
static void run_part(int (*part)(void)) {
    uint32_t own = 0, nothing = 0;
    int (*volatile empty)(void) = run_nothing;
    if (fed.status == 0) {
        fed.status = run_measured(part, 1, &own);
        (void)run_measured(empty, 1, &nothing);
        fed.ticks += own - nothing;
    }
}

void feed_restart(void) {
    fed.received_bytes = 0;
    fed.crc = 0;
    fed.ticks = 0;
    fed.status = 0;
}

void feed_byte(uint8_t byte) {
    const uint32_t row_bytes = selection()->row_bytes;
    uint8_t *const row = selection()->inputs[0].data();
    if (fed.received_bytes == 0) {
        run_part(selection()->begin);
    }
    row[fed.received_bytes % row_bytes] = byte;
    fed.crc = crc32_more(fed.crc, &byte, 1);
    fed.received_bytes++;
    if (fed.received_bytes % row_bytes == 0) {
        run_part(selection()->push_row);
    }
}

uint32_t feed_received_bytes(void) { return fed.received_bytes; }

uint32_t feed_crc(void) { return fed.crc; }

bool feed_is_whole(void) { return fed.received_bytes == selection()->input_bytes; }

int feed_end(uint32_t *ticks) {
    uint32_t own = 0;
    const int status = fed.status != 0 ? fed.status : run_measured(selection()->end, 1, &own);
    *ticks = fed.ticks + own;
    feed_restart();
    return status;
}
