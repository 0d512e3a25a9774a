/** Writes the model's last output as answer lines. */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include "bench_model.h"

/** x-output-[...] in hexadecimal, and its CRC. */
void reply_output(const bench_model_t *model);

/** m-results-[...]: dequantised values, separated by commas. */
void reply_results(const bench_model_t *model);

#endif
