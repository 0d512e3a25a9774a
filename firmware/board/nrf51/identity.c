#include "identity.h"

/* As QEMU emulates the board: it has no unique number, and does not record the cause of a reset. */
void identity_read(void) {}

const char *identity_uid(void) { return ""; }

const char *identity_reset_cause(void) { return "unknown"; }
