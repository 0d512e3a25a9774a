/** A model, as the bench application uses it. A generated project defines it. */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <stdint.h>

/** An input or output of a model. */
typedef struct {
    uint32_t bytes;
    void *(*data)(void); /* NULL is not returned once the model is initialised */
} bench_port_t;

typedef struct {
    const char *name;
    const char *sha256;                   /* of the .tflite, 64 hexadecimal digits */
    const char *runtime;                  /* "static" or "tflm" */
    const char *target;                   /* the board that the project was made for */
    const bench_port_t *inputs, *outputs; /* the only input is one row if its rows are fed */
    uint32_t input_count, output_count;
    uint32_t input_bytes, output_bytes; /* of all inputs, and of all outputs */
    uint32_t row_bytes;   /* of a row of the input, if its rows are fed one by one; else 0 */
    uint8_t db_flip;      /* 0x80 if "db" takes 0..255 and the tensor holds -128..127; else 0 */
    uint32_t results;     /* values of all outputs */
    uint32_t arena_bytes; /* size of the array in which the model works */
    uint8_t *arena;       /* that array */
    uint8_t *kept_output; /* output_bytes of memory for the bench */
    uint32_t steps;       /* pieces of an inference, at least 1 */
    uint32_t operators;   /* number of values that profile writes to operator_ticks */
    uint32_t *operator_ticks;
    int (*init)(void);     /* 0, or the model's status */
    int (*begin)(void);    /* the three are for rows fed one by one: begins an inference, */
    int (*push_row)(void); /* feeds the row in the input, */
    int (*end)(void);      /* and ends it */
    int (*invoke)(
        void); /* 0, or the model's status; fed with the row in the input again and again */
    int (*invoke_step)(uint32_t step);
    int (*profile)(uint32_t (*clock)(void)); /* like invoke; NULL: run the steps one by one */
    float (*result)(uint32_t index);         /* a value of the outputs, dequantised */
    uint32_t (*arena_used_bytes)(void);      /* bytes that the runtime reports as used */
    const char *(*last_message)(void);       /* last message of the runtime; NULL if none */
} bench_model_t;

/** The models of this firmware; the first is selected at the start. They may share an arena. */
extern const bench_model_t bench_models[];
extern const uint32_t bench_model_count;

#endif
