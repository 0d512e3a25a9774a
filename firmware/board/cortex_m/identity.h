/** The chip's unique number and the cause of its last reset. Each chip implements it. */
#ifndef IDENTITY_H
#define IDENTITY_H

/** Reads both. Call it once, before the other functions. */
void identity_read(void);

/** The unique number in hexadecimal digits; empty if there is none. */
const char *identity_uid(void);

/** The cause of the last reset, such as "pin"; "unknown" if no flag is set. */
const char *identity_reset_cause(void);

#endif
