/** Commands that write the input tensor. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>

/** "db load N", then "db HEX" until all N bytes have come. */
void input_command_db(const char *arguments);

/** "put OFFSET CRC BYTES": bytes at an offset, written only if they have the CRC. */
void input_command_put(const char *arguments);

/** False after a load that was refused or did not come to its end. */
bool input_is_whole(void);

/** Drop a load that has begun. */
void input_forget(void);

#endif
