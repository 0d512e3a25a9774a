/* What is done to each value by itself, and with the one beside it of another activation. */
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include "nodes.h"

/* Negative values become 0, those beyond the highest one that. */
void rectify(const node *of, const step *s);
void rectify_back(const node *of, const step *s, lanes *input_gradients);

/* Each value becomes 0, or that much larger. While no training goes on, nothing happens. */
void drop(const node *of, step *s);
void drop_back(const node *of, const step *s, lanes *input_gradients);

/* The sum of both inputs. */
void add(const node *of, const step *s);

#endif
