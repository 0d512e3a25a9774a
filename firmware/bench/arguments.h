/** Numbers in the text of a command. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

/** Read a decimal number and the spaces before it; false if there is none or it is too large. */
bool take_number(const char **text, uint32_t *value);

/** Read eight hexadecimal digits and the spaces before them; false if there are fewer. */
bool take_hex(const char **text, uint32_t *value);

/** The value of a hexadecimal digit, or -1. */
int hex_digit(char c);

#endif
