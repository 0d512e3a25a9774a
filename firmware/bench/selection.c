#include "selection.h"

#include <stddef.h>
#include <string.h>

#include "reply.h"

/* Fill pattern: an arena byte with this value was most likely not written yet. */
#define PAINT 0xA5U

static const bench_model_t *model = &bench_models[0];
static int status;

const bench_model_t *selection(void) { return model; }

void selection_start(uint32_t index) {
    model = &bench_models[index];
    memset(model->arena, PAINT, model->arena_bytes);
    status = model->init();
}

bool selection_is_ready(void) {
    if (status != 0) {
        if (model->last_message != NULL) {
            reply_text_fact("x-message", model->last_message());
        }
        reply_number_fact("e-[the model could not be initialised] status", (uint32_t)status);
    }
    return status == 0;
}

uint32_t selection_arena_peak_bytes(void) {
    uint32_t longest = 0;
    uint32_t stretch = 0;
    for (uint32_t i = 0; i < model->arena_bytes; i++) {
        stretch = model->arena[i] == PAINT ? stretch + 1U : 0U;
        longest = stretch > longest ? stretch : longest;
    }
    return model->arena_bytes - longest;
}
