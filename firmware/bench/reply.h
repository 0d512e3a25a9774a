/** Writes the lines of an answer to the host: docs/protocol.md. */
#ifndef REPLY_H
#define REPLY_H

#include <stdint.h>

/** Begin an answer. */
void reply_start(const char *command);

/** End it with the CRC of the command and of the answer, and with m-ready. */
void reply_end(void);

/** Text as it is. */
void reply_text(const char *text);

/** A number in decimal. */
void reply_number(uint32_t value);

/** The lowest digits of a number in hexadecimal. */
void reply_hex(uint32_t value, int digit_count);

/** End of a line. */
void reply_end_line(void);

/** A whole line. */
void reply_line(const char *text);

/** A line that ends in a number. */
void reply_numbered_line(const char *text, uint32_t value);

/** key-[value] */
void reply_text_fact(const char *key, const char *value);

/** key-[value] */
void reply_number_fact(const char *key, uint32_t value);

/** x-crc-[...] of bytes. */
void reply_crc_fact(uint32_t crc);

/** A number with three decimals, like the results of MLPerf Tiny; saturates at 4,294,967. */
void reply_decimal(float value);

/** e-[reason] */
void reply_failure(const char *text);

#endif
