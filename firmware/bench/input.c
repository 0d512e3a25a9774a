#include "input.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arguments.h"
#include "bench.h"
#include "crc32.h"
#include "feed.h"
#include "inference.h"
#include "ports.h"
#include "reply.h"
#include "selection.h"

#define PRINTED_IN_A_LINE 8U

static uint32_t expected_bytes, received_bytes;
static bool is_partial;

static bool is_fed(void) { return selection()->row_bytes != 0; }

void input_forget(void) {
    expected_bytes = 0;
    is_partial = false;
    inference_forget();
}

bool input_is_whole(void) { return is_fed() ? feed_is_whole() : !is_partial; }

static void store(uint32_t offset, uint8_t byte) {
    if (!is_fed()) {
        *port_byte(selection()->inputs, offset) = byte;
    } else if (offset == feed_received_bytes()) { /* else it was taken before */
        feed_byte(byte);
    }
}

/* The CRC of all inputs; of the bytes so far if its rows are not kept. */
static void reply_input_crc(void) {
    reply_crc_fact(is_fed() ? feed_crc()
                            : ports_crc(selection()->inputs, selection()->input_count));
}

static void load_start(const char *arguments) {
    uint32_t size = 0;
    input_forget();
    feed_restart();
    received_bytes = 0;
    is_partial = true;
    if (!take_number(&arguments, &size) || *arguments != '\0') {
        reply_failure("db load takes a number of bytes");
    } else if (size != selection()->input_bytes) {
        reply_number_fact("e-[wrong input size] expected", selection()->input_bytes);
    } else {
        expected_bytes = size;
        reply_text("m-[Expecting ");
        reply_number(size);
        reply_line(" bytes]");
    }
}

static void load_bytes(const char *digits) {
    const size_t count = strlen(digits) / 2;
    if (strlen(digits) % 2 != 0 || count > expected_bytes - received_bytes) {
        reply_failure("odd number of digits, or more bytes than announced");
        expected_bytes = 0;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const int high = hex_digit(digits[2 * i]);
        const int low = hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0) {
            reply_failure("not a hexadecimal digit");
            expected_bytes = 0;
            return;
        }
        store(received_bytes++, (uint8_t)((high * 16 + low) ^ selection()->db_flip));
    }
    if (received_bytes == expected_bytes) {
        reply_line("m-load-done");
        reply_input_crc();
        input_forget();
    }
}

static void print_bytes(void) {
    for (uint32_t i = 0; i < selection()->input_bytes; i++) {
        const bool is_last = i % PRINTED_IN_A_LINE == PRINTED_IN_A_LINE - 1;
        reply_text(i % PRINTED_IN_A_LINE == 0 ? "m-buffer-" : "-");
        reply_hex(*port_byte(selection()->inputs, i) ^ (uint32_t)selection()->db_flip, 2);
        reply_text(is_last || i + 1 == selection()->input_bytes ? "\r\n" : "");
    }
}

void input_command_db(const char *arguments) {
    if (!selection_is_ready()) {
        return;
    }
    if (strncmp(arguments, "load ", 5) == 0) {
        load_start(arguments + 5);
    } else if (strcmp(arguments, "print") == 0 && is_fed()) {
        reply_failure("the rows of the input are not kept");
    } else if (strcmp(arguments, "print") == 0) {
        print_bytes();
    } else if (expected_bytes == 0) {
        reply_failure("db without db load");
    } else {
        load_bytes(arguments);
    }
}

/* The next byte of escaped data; false at its end. */
static bool next_byte(const char **text, uint8_t *byte) {
    const bool is_escaped = **text == BENCH_ESCAPE && (*text)[1] != '\0';
    *text += is_escaped ? 1 : 0;
    if (**text == '\0') {
        return false;
    }
    *byte = is_escaped ? (uint8_t)(**text ^ BENCH_ESCAPE_FLIP) : (uint8_t) * *text;
    (*text)++;
    return true;
}

void input_command_put(const char *arguments) {
    uint32_t offset = 0;
    uint32_t expected_crc = 0;
    uint32_t crc = 0;
    uint32_t count = 0;
    uint8_t byte;
    if (!selection_is_ready()) {
        return;
    }
    if (!take_number(&arguments, &offset) || !take_hex(&arguments, &expected_crc) ||
        *arguments != ' ') {
        reply_failure("put takes an offset, a CRC and bytes");
        return;
    }
    for (const char *text = arguments + 1; next_byte(&text, &byte); count++) {
        crc = crc32_more(crc, &byte, 1);
    }
    if (count > selection()->input_bytes || offset > selection()->input_bytes - count) {
        reply_number_fact("e-[past the end of the input] bytes", selection()->input_bytes);
    } else if (crc != expected_crc) {
        reply_failure("damaged on the line");
    } else if (is_fed() && offset > feed_received_bytes()) {
        reply_number_fact("e-[the rows of the input are taken in order] next",
                          feed_received_bytes());
    } else {
        input_forget();
        if (offset == 0) {
            feed_restart();
        }
        for (const char *text = arguments + 1; next_byte(&text, &byte); offset++) {
            store(offset, byte);
        }
        reply_input_crc();
    }
}
