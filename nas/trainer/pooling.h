/* Max pooling, average pooling, and the mean of all pixels, each with its backward pass. Rows and
 * columns at the end that do not fill a window are ignored. */
#ifndef POOLING_H
#define POOLING_H

#include "nodes.h"

void pool_largest(const node *of, const step *s);
void pool_largest_back(const node *of, const step *s, lanes *input_gradients);

void pool_average(const node *of, const step *s);
void pool_average_back(const node *of, const step *s, lanes *input_gradients);

void average(const node *of, const step *s);
void average_back(const node *of, const step *s, lanes *input_gradients);

#endif
