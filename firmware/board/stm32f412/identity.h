/** What the chip says of itself and of its last start. */
#ifndef IDENTITY_H
#define IDENTITY_H

/** Read both; once, first. */
void identity_read(void);

/** The 96 bits that no other chip has, as 24 hexadecimal digits; empty where there are none. */
const char *identity_uid(void);

/** Why it started, such as "pin"; "unknown" where no flag says so. */
const char *identity_reset_cause(void);

#endif
