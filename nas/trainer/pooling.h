/* The largest or the mean of each window, and the mean of all pixels; with the gradients of their
 * inputs. Rows and columns that fill no window are left out. */
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
