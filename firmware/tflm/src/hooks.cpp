/*
 * What TensorFlow Lite Micro asks of a system: somewhere to tell of errors.
 *
 * Its headers are not included: releases declare DebugLog with one argument or with two.
 */
#include "tflm_hooks.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

static char last_message[TFLM_MESSAGE_BYTES];

extern "C" {

const char *tflm_last_message(void) { return last_message; }

/* Line ends arrive as separate texts. */
void DebugLog(const char *format);
void DebugLog(const char *format) {
    if (format[0] != '\r' && format[0] != '\n') {
        strncpy(last_message, format, sizeof last_message - 1);
    }
}

/* The text with unfilled format specifiers: formatting would need kilobytes of code. */
int DebugVsnprintf(char *buffer, size_t buffer_bytes, const char *format, va_list values);
int DebugVsnprintf(char *buffer, size_t buffer_bytes, const char *format, va_list) {
    if (buffer_bytes > 0) {
        strncpy(buffer, format, buffer_bytes - 1);
        buffer[buffer_bytes - 1] = '\0';
    }
    return (int)strlen(format);
}

} /* extern "C" */
