#include "reply.h"

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "crc32.h"

/* CRC of the command and of the answer so far. */
static uint32_t answer_crc;

static void put(uint8_t byte) {
    answer_crc = crc32_more(answer_crc, &byte, 1);
    board_write_byte(byte);
}

void reply_start(const char *command) {
    answer_crc = crc32((const uint8_t *)command, strlen(command));
}

void reply_end(void) {
    const uint32_t crc = answer_crc;
    reply_text("x-answer-crc-[");
    reply_hex(crc, 8);
    reply_line("]");
    reply_line("m-ready");
}

void reply_text(const char *text) {
    while (*text != '\0') {
        put((uint8_t)*text++);
    }
}

void reply_number(uint32_t value) {
    char digits[11];
    size_t first = sizeof digits - 1;
    digits[first] = '\0';
    do {
        digits[--first] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value != 0);
    reply_text(&digits[first]);
}

void reply_decimal(float value) {
    const float size = value < 0.0F ? -value : value;
    const uint32_t thousandths = size < 4294967.0F ? (uint32_t)(size * 1000.0F + 0.5F) : UINT32_MAX;
    const uint32_t decimals = thousandths % 1000U;
    reply_text(value < 0.0F && thousandths > 0U ? "-" : "");
    reply_number(thousandths / 1000U);
    reply_text(decimals < 10U ? ".00" : decimals < 100U ? ".0" : ".");
    reply_number(decimals);
}

void reply_hex(uint32_t value, int digit_count) {
    while (digit_count-- > 0) {
        put((uint8_t) "0123456789abcdef"[(value >> (4 * digit_count)) & 0xFU]);
    }
}

void reply_end_line(void) { reply_text("\r\n"); }

void reply_line(const char *text) {
    reply_text(text);
    reply_end_line();
}

void reply_numbered_line(const char *text, uint32_t value) {
    reply_text(text);
    reply_number(value);
    reply_end_line();
}

void reply_text_fact(const char *key, const char *value) {
    reply_text(key);
    reply_text("-[");
    reply_text(value);
    reply_line("]");
}

void reply_number_fact(const char *key, uint32_t value) {
    reply_text(key);
    reply_text("-[");
    reply_number(value);
    reply_line("]");
}

void reply_crc_fact(uint32_t crc) {
    reply_text("x-crc-[");
    reply_hex(crc, 8);
    reply_line("]");
}

void reply_failure(const char *text) { reply_text_fact("e", text); }
