/** Commands that write the input tensor. */
#ifndef INPUT_H
#define INPUT_H

/** "db load N", then "db HEX" until all N bytes have come. */
void input_command_db(const char *arguments);

/** "put OFFSET CRC BYTES": bytes at an offset, written only if they have the CRC. */
void input_command_put(const char *arguments);

/** Drop a load that has begun. */
void input_forget(void);

#endif
