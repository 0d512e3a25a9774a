/* Batch normalisation over all images of a step. */
#ifndef NORMALISATION_H
#define NORMALISATION_H

#include "nodes.h"

/* With the mean and deviation of the step while training, else with those of all steps before. */
void normalise(const node *of, step *s, float *parameters);

/* As `backward` in nodes.h, for the parameters of this node alone. */
void normalise_back(const node *of, step *s, const float *parameters, lanes *input_gradients,
                    float *gradients);

#endif
