#include <math.h>
#include <stddef.h>

#include "structure.h"

#define MOST_SHIFT 32767

bool holds(float_array array, int64_t count) {
    return array.values != NULL && array.count >= count;
}

static bool is_share(float value) { return value >= 0 && value <= 1; }

int32_t check_source(const network *n, const source *from, int64_t needed, bool has_labels) {
    if (from->images == NULL || from->order == NULL || from->order_count < needed ||
        (has_labels && from->labels == NULL)) {
        return NETWORK_SIZE;
    }
    const teacher *const taught = from->taught;
    if (taught != NULL && taught->logits == NULL) {
        return NETWORK_SIZE;
    }
    if (taught != NULL && !(is_share(taught->share) && taught->temperature > 0)) {
        return NETWORK_SETTINGS;
    }
    for (int64_t i = 0; i < needed; i++) {
        const int64_t index = from->order[i];
        if (index < 0 || index >= from->image_count) {
            return NETWORK_IMAGE;
        }
        if (has_labels && (from->labels[index] < 0 || from->labels[index] >= classes_of(n))) {
            return NETWORK_LABEL;
        }
    }
    return NETWORK_OK;
}

int32_t check_settings(const step_settings *settings) {
    const bool is_possible = is_share(settings->smoothing) && is_share(settings->flip) &&
                             settings->shift >= 0 && settings->shift <= MOST_SHIFT &&
                             settings->accumulated >= 1;
    return is_possible ? NETWORK_OK : NETWORK_SETTINGS;
}

/* No shares are right too: no average is wanted then. */
int32_t check_shares(float_array shares, int64_t steps) {
    if (shares.count != 0 && !holds(shares, steps)) {
        return NETWORK_SIZE;
    }
    for (int64_t i = 0; i < shares.count; i++) {
        if (!is_share(shares.values[i])) {
            return NETWORK_SETTINGS;
        }
    }
    return NETWORK_OK;
}

bool are_finite(const float *values, int64_t count) {
    bool is_any_other = false;
    for (int64_t i = 0; i < count; i++) {
        is_any_other |= !isfinite(values[i]);
    }
    return !is_any_other;
}
