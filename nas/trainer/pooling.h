/* The largest of each window, and the mean of all pixels; with the gradients of their inputs. */
#ifndef POOLING_H
#define POOLING_H

#include "layers.h"

void pool(const layer *l, const step *s);
void pool_back(const layer *l, const step *s, const lanes *output_gradients,
               lanes *input_gradients);

void average(const layer *l, const step *s);
void average_back(const layer *l, const step *s, const lanes *output_gradients,
                  lanes *input_gradients);

#endif
