/** Commands that write the input tensor. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>

/** "db load N", then "db HEX" until all N bytes are received. */
void input_command_db(const char *arguments);

/** "put OFFSET CRC BYTES": writes bytes at an offset, only if their CRC is correct. */
void input_command_put(const char *arguments);

/** False after a rejected or incomplete load. */
bool input_is_whole(void);

/** Discards a started load. */
void input_forget(void);

#endif
