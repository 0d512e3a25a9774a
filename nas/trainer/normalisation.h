/* Batch normalisation over all images of a step. */
#ifndef NORMALISATION_H
#define NORMALISATION_H

#include "nodes.h"

/* Training uses the mean and deviation of the step; otherwise the moving averages are used. */
void normalise(const node *of, step *s, float *parameters);

/* Like `backward` in nodes.h, with the parameters of this node only. */
void normalise_back(const node *of, step *s, const float *parameters, lanes *input_gradients,
                    float *gradients);

#endif
