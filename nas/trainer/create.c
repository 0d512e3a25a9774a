#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "structure.h"

#define ALIGNMENT 64
#define MOST_GROUPS 4096
#define MOST_ROWS 65536

/* Bytes to request from aligned_alloc: a multiple of the alignment, and one alignment more for the
 * allocator's own data. */
static int64_t taken(int64_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
}

/* Create a network without the memory of its buffers. */
static network *plan_network(const network_row *rows, int32_t count, int32_t groups,
                             int32_t *status, int32_t *refused) {
    *refused = -1;
    *status = NETWORK_CALL;
    if (rows == NULL || count < 1 || count > MOST_ROWS || groups < 1 || groups > MOST_GROUPS) {
        return NULL;
    }
    *status = NETWORK_MEMORY;
    network *const n = calloc(1, sizeof *n);
    if (n == NULL) {
        return NULL;
    }
    n->count = count;
    n->step.groups = groups;
    n->step.threads = 1;
    n->nodes = calloc((size_t)count, sizeof *n->nodes);
    n->plans = calloc((size_t)count, sizeof *n->plans);
    n->buffers = calloc((size_t)most_buffers(count), sizeof *n->buffers);
    bool *const is_free = calloc((size_t)most_buffers(count), sizeof *is_free);
    if (n->nodes != NULL && n->plans != NULL && n->buffers != NULL && is_free != NULL) {
        *status = read_rows(n, rows, refused);
    }
    if (*status == NETWORK_OK) {
        plan_buffers(n, is_free);
    }
    free(is_free);
    if (*status != NETWORK_OK) {
        network_destroy(n);
        return NULL;
    }
    return n;
}

/* Allocate the memory of the buffers and set it to 0. */
static bool take_memory(network *n) {
    for (int32_t i = 0; i < n->buffer_count; i++) {
        const size_t bytes = (size_t)taken(n->buffers[i].bytes);
        n->buffers[i].memory = aligned_alloc(ALIGNMENT, bytes);
        if (n->buffers[i].memory == NULL) {
            return false;
        }
        memset(n->buffers[i].memory, 0, bytes);
    }
    return true;
}

network *network_create(const network_row *rows, int32_t count, int32_t groups, float scale,
                        int32_t *status, int32_t *refused) {
    network *const n = plan_network(rows, count, groups, status, refused);
    if (n == NULL) {
        return NULL;
    }
    n->scale = scale;
    *status = !isfinite(scale) ? NETWORK_CALL : take_memory(n) ? NETWORK_OK : NETWORK_MEMORY;
    if (*status != NETWORK_OK) {
        network_destroy(n);
        return NULL;
    }
    connect_buffers(n);
    return n;
}

int32_t network_measure(const network_row *rows, int32_t count, int32_t groups, network_fact *facts,
                        int64_t *bytes, int32_t *refused) {
    int32_t status = NETWORK_OK;
    network *const n = plan_network(rows, count, groups, &status, refused);
    for (int32_t i = 0; n != NULL && i < count; i++) {
        const node *const of = &n->nodes[i];
        const network_fact fact = {of->out.height, of->out.width, of->out.channels, of->first,
                                   of->count};
        facts[i] = fact;
    }
    *bytes = n == NULL ? 0 : network_bytes(n);
    network_destroy(n);
    return status;
}

void network_destroy(network *n) {
    if (n == NULL) {
        return;
    }
    for (int32_t i = 0; i < n->buffer_count; i++) {
        free(n->buffers[i].memory);
    }
    free(n->buffers);
    free(n->plans);
    free(n->nodes);
    free(n);
}

int64_t network_parameters(const network *n) { return n->parameters; }

int64_t network_bytes(const network *n) {
    int64_t bytes = 0;
    for (int32_t i = 0; i < n->buffer_count; i++) {
        bytes += taken(n->buffers[i].bytes);
    }
    return bytes;
}

int32_t network_lanes(void) { return LANES; }

int32_t network_row_bytes(void) { return (int32_t)sizeof(network_row); }
