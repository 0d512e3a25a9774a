#include "outputs.h"

#include "reply.h"

void reply_output(const bench_model_t *model) {
    const uint8_t *const output = model->output();
    reply_text("x-output-[");
    for (uint32_t i = 0; i < model->output_bytes; i++) {
        reply_hex(output[i], 2);
    }
    reply_line("]");
    reply_crc_fact(output, model->output_bytes);
}

void reply_results(const bench_model_t *model) {
    reply_text("m-results-[");
    for (uint32_t i = 0; i < model->results; i++) {
        reply_text(i == 0 ? "" : ",");
        reply_decimal(model->result(i));
    }
    reply_line("]");
}
