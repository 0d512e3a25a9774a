/** CONCATENATION: joins two to four tensors of the same scale. */
#ifndef NN_CONCATENATION_H
#define NN_CONCATENATION_H

#include <stdint.h>

#define NN_CONCATENATION_MOST 4

typedef struct {
    int32_t rows;                              /* pieces of each input, one after another */
    int32_t part_bytes[NN_CONCATENATION_MOST]; /* of one piece of each input */
} nn_concatenation_params;

/** Inputs and output must not overlap. */
void nn_concatenation_2_8(const nn_concatenation_params *params, const void *first,
                          const void *second, void *output);
void nn_concatenation_3_8(const nn_concatenation_params *params, const void *first,
                          const void *second, const void *third, void *output);
void nn_concatenation_4_8(const nn_concatenation_params *params, const void *first,
                          const void *second, const void *third, const void *fourth, void *output);

#endif
