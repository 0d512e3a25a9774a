/** The last message of TensorFlow Lite Micro. */
#ifndef TFLM_HOOKS_H
#define TFLM_HOOKS_H

#ifdef __cplusplus
extern "C" {
#endif

/** Maximum bytes of the kept text, including the final 0. */
#define TFLM_MESSAGE_BYTES 96

/** The text of the last error, with unfilled format specifiers; empty if there was none. */
const char *tflm_last_message(void);

#ifdef __cplusplus
}
#endif

#endif
