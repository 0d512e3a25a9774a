/* Operations on single values: ReLU, dropout and addition. */
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include "nodes.h"

/* ReLU: limit each value to the range from 0 to `highest`. */
void rectify(const node *of, const step *s);
void rectify_back(const node *of, const step *s, lanes *input_gradients);

/* Dropout: set each value to 0 with the probability `rate`, else multiply it by 1 / (1 - rate).
 * Without training, copy the values. */
void drop(const node *of, step *s);
void drop_back(const node *of, const step *s, lanes *input_gradients);

/* Addition of both inputs. */
void add(const node *of, const step *s);

#endif
