#include "counts.h"

counts_t counts_sum(const counts_t *a, const counts_t *b, uint64_t times) {
    counts_t all = {
        .instructions = a->instructions + b->instructions * times,
        .cycles = a->cycles + b->cycles * times,
        .divides = a->divides + b->divides * times,
    };
    for (unsigned i = 0; i < STALLS; i++) {
        all.stalls[i] = a->stalls[i] + b->stalls[i] * times;
    }
    return all;
}
