/** MEAN, REDUCE_MAX and REDUCE_MIN over any dimensions, int8. */
#ifndef NN_REDUCE_H
#define NN_REDUCE_H

#include <stdint.h>

#define NN_REDUCE_LOOPS 3

/* Loops over dimensions, the outermost first: rounds, and elements from one to the next. */
typedef struct {
    int32_t counts[NN_REDUCE_LOOPS], steps[NN_REDUCE_LOOPS];
} nn_reduce_loops;

typedef struct {
    nn_reduce_loops kept, reduced;
    int32_t sum_zero_point, output_zero_point; /* the first one is subtracted from each sum */
    int32_t multiplier, shift;                 /* from a sum to the mean in the output's scale */
} nn_reduce_mean_params;

/** Means. Input and output must not overlap. */
void nn_reduce_mean_s8(const nn_reduce_mean_params *params, const int8_t *input, int8_t *output);

typedef struct {
    nn_reduce_loops kept, reduced;
} nn_reduce_params;

/** Largest elements. Input and output must not overlap. */
void nn_reduce_max_s8(const nn_reduce_params *params, const int8_t *input, int8_t *output);

/** Smallest elements. Input and output must not overlap. */
void nn_reduce_min_s8(const nn_reduce_params *params, const int8_t *input, int8_t *output);

#endif
