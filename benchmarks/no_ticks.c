/* Firmware without the bench application has no timer, and nothing to say. */
void systick_handler(void);
void systick_handler(void) {}
