/* Checks of the trainer as C sees it; each prints what is wrong and ends the program with 1. */
#ifndef CHECKS_H
#define CHECKS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))
#define SQUARE(side) .size = {side, side}, .stride = {1, 1}
#define RECTIFIED .kind = RELU, .highest = INFINITY
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s, line %d: %s\n", __FILE__, __LINE__, #condition);                           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Every call reads and writes within its arrays, and images move as asked. */
void check_arrays(void);

/* What is no network is refused, and the row to blame is named. */
void check_rows(void);

/* Gradients are those of a loss that is computed plainly and in double. */
void check_gradients(void);

#endif
