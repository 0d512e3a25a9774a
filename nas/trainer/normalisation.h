/* Batch normalisation over all images of a step. */
#ifndef NORMALISATION_H
#define NORMALISATION_H

#include "layers.h"

/* With the mean and deviation of the step while training, else with those of all steps before. */
void normalise(const layer *l, step *s, float *parameters);

/* As `backward` in layers.h, for the parameters of this layer alone. */
void normalise_back(const layer *l, step *s, const float *parameters, const lanes *output_gradients,
                    lanes *input_gradients, float *gradients);

#endif
