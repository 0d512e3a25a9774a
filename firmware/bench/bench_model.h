/** A model, as the bench application uses it. A generated project defines it. */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <stdint.h>

typedef struct {
    const char *name;
    const char *sha256;  /* of the .tflite, 64 hexadecimal digits */
    const char *runtime; /* "static" or "tflm" */
    const char *target;  /* the board that the project was made for */
    uint32_t input_bytes, output_bytes;
    uint32_t row_bytes;   /* of a row of the input, if its rows are fed one by one; else 0 */
    uint8_t db_flip;      /* 0x80 if "db" takes 0..255 and the tensor holds -128..127; else 0 */
    uint32_t results;     /* values of the output */
    uint32_t arena_bytes; /* size of the array in which the model works */
    uint8_t *arena;       /* that array */
    uint8_t *kept_output; /* output_bytes of memory for the bench */
    uint32_t steps;       /* pieces of an inference, at least 1 */
    uint32_t operators;   /* number of values that profile writes to operator_ticks */
    uint32_t *operator_ticks;
    int (*init)(void);     /* 0, or the model's status */
    void *(*input)(void);  /* the input; one row of it if its rows are fed one by one */
    int (*begin)(void);    /* the three are for rows fed one by one: begins an inference, */
    int (*push_row)(void); /* feeds the row at `input`, */
    int (*end)(void);      /* and ends it */
    int (*invoke)(void); /* 0, or the model's status; fed with the row at `input` again and again */
    int (*invoke_step)(uint32_t step);
    int (*profile)(uint32_t (*clock)(void)); /* like invoke; NULL: run the steps one by one */
    const void *(*output)(void);
    float (*result)(uint32_t index);    /* a value of the output, dequantised */
    uint32_t (*arena_used_bytes)(void); /* bytes that the runtime reports as used */
    const char *(*last_message)(void);  /* last message of the runtime; NULL if none */
} bench_model_t;

/** The models of this firmware; the first is selected at the start. They may share an arena. */
extern const bench_model_t bench_models[];
extern const uint32_t bench_model_count;

#endif
