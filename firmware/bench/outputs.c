#include "outputs.h"

#include "ports.h"
#include "reply.h"

void reply_output(const bench_model_t *model) {
    reply_text("x-output-[");
    for (uint32_t i = 0; i < model->output_bytes; i++) {
        reply_hex(*port_byte(model->outputs, i), 2);
    }
    reply_line("]");
    reply_crc_fact(ports_crc(model->outputs, model->output_count));
}

void reply_results(const bench_model_t *model) {
    reply_text("m-results-[");
    for (uint32_t i = 0; i < model->results; i++) {
        reply_text(i == 0 ? "" : ",");
        reply_decimal(model->result(i));
    }
    reply_line("]");
}
