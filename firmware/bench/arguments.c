#include "arguments.h"

bool take_number(const char **text, uint32_t *value) {
    const char *digit = *text;
    while (*digit == ' ') {
        digit++;
    }
    if (*digit < '0' || *digit > '9') {
        return false;
    }
    *value = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (*value > (UINT32_MAX - 9U) / 10U) {
            return false;
        }
        *value = *value * 10U + (uint32_t)(*digit - '0');
    }
    *text = digit;
    return true;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool take_hex(const char **text, uint32_t *value) {
    const char *digit = *text;
    while (*digit == ' ') {
        digit++;
    }
    const char *const first = digit;
    *value = 0;
    for (; digit < first + 8 && hex_digit(*digit) >= 0; digit++) {
        *value = *value << 4 | (uint32_t)hex_digit(*digit);
    }
    *text = digit;
    return digit == first + 8;
}
