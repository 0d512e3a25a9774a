/**
 * The rows of an input as they arrive: each is fed to the model at once, and not kept.
 *
 * Only for models that take rows one by one. The ticks of the inference are counted on the way.
 */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stdint.h>

/** Drops the inference that is under way; the next byte is the first of an input. */
void feed_restart(void);

/** Takes the next byte of the input. */
void feed_byte(uint8_t byte);

/** Bytes taken since the restart. */
uint32_t feed_received_bytes(void);

/** Their CRC. */
uint32_t feed_crc(void);

/** Whether the input is complete. */
bool feed_is_whole(void);

/** Ends the inference on a complete input: the model's status, and the ticks of all of it. */
int feed_end(uint32_t *ticks);

#endif
