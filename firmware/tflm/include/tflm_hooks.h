/** What TensorFlow Lite Micro told last. */
#ifndef TFLM_HOOKS_H
#define TFLM_HOOKS_H

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a text that are kept, with the final 0. */
#define TFLM_MESSAGE_BYTES 96

/** The last error's text, its places for numbers unfilled; empty if there was none. */
const char *tflm_last_message(void);

#ifdef __cplusplus
}
#endif

#endif
