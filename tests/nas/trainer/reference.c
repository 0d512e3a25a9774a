#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

/* Values [image][y][x][channel] of one node. */
typedef struct {
    int32_t height, width, channels;
    double *values;
} activation;

static double at(const activation *a, int32_t image, int32_t y, int32_t x, int32_t c) {
    if (y < 0 || y >= a->height || x < 0 || x >= a->width) {
        return 0; /* padding */
    }
    return a->values[((image * a->height + y) * a->width + x) * a->channels + c];
}

/* Zeros before the first position: TensorFlow's SAME has the odd one after the last. */
static int32_t zeros_before(int32_t in, int32_t out, int32_t kernel, int32_t stride) {
    const int32_t all = (out - 1) * stride + kernel - in;
    return all > 0 ? all / 2 : 0;
}

static double convolved(const network_row *row, const activation *in, const activation *out,
                        const double *weights, int32_t image, int32_t y, int32_t x, int32_t o) {
    const bool is_full = row->kind == CONVOLUTION;
    const int32_t rows = row->size[0], columns = row->size[1];
    const int32_t down = row->stride[0], right = row->stride[1];
    const int32_t top = y * down - zeros_before(in->height, out->height, rows, down);
    const int32_t left = x * right - zeros_before(in->width, out->width, columns, right);
    const int32_t all = rows * columns * in->channels * (is_full ? out->channels : 1);
    double sum = row->has_bias ? weights[all + o] : 0;
    for (int32_t i = 0; i < rows; i++) {
        for (int32_t j = 0; j < columns; j++) {
            const int32_t tap = (i * columns + j) * in->channels;
            for (int32_t c = is_full ? 0 : o; c < (is_full ? in->channels : o + 1); c++) {
                const double weight = weights[is_full ? (tap + c) * out->channels + o : tap + c];
                sum += at(in, image, top + i, left + j, c) * weight;
            }
        }
    }
    return sum;
}

static double pooled(const network_row *row, const activation *in, int32_t image, int32_t y,
                     int32_t x, int32_t c) {
    double largest = -INFINITY, sum = 0;
    for (int32_t i = 0; i < row->size[0]; i++) {
        for (int32_t j = 0; j < row->size[1]; j++) {
            const double value = at(in, image, y * row->size[0] + i, x * row->size[1] + j, c);
            largest = fmax(largest, value);
            sum += value;
        }
    }
    return row->kind == MAX_POOL ? largest : sum / (row->size[0] * row->size[1]);
}

/* Mean and variance of a channel over everything from an image on. */
static void measure_channel(const activation *in, int32_t first, int32_t end, int32_t c,
                            double *mean, double *variance) {
    const double n = (double)(end - first) * in->height * in->width;
    *mean = *variance = 0;
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        for (int32_t image = first; image < end; image++) {
            for (int32_t i = 0; i < in->height * in->width; i++) {
                const double value = at(in, image, i / in->width, i % in->width, c);
                sum += pass == 0 ? value : (value - *mean) * (value - *mean);
            }
        }
        *(pass == 0 ? mean : variance) = sum / n;
    }
}

static double value_of(const network_row *row, const activation *in, const activation *other,
                       const activation *out, const double *own, int32_t image, int32_t y,
                       int32_t x, int32_t c) {
    double mean = 0, variance = 0;
    switch (row->kind) {
    case CONVOLUTION:
    case DEPTHWISE:
        return convolved(row, in, out, own, image, y, x, c);
    case RELU:
        return fmin(fmax(at(in, image, y, x, c), 0), (double)row->highest);
    case ADDITION:
        return at(in, image, y, x, c) + at(other, image, y, x, c);
    case MAX_POOL:
    case AVERAGE_POOL:
        return pooled(row, in, image, y, x, c);
    case MEAN:
        measure_channel(in, image, image + 1, c, &mean, &variance);
        return mean;
    case DENSE: {
        double sum = own[in->channels * out->channels + c];
        for (int32_t i = 0; i < in->channels; i++) {
            sum += at(in, image, 0, 0, i) * own[i * out->channels + c];
        }
        return sum;
    }
    default:
        return at(in, image, y, x, c);
    }
}

static void normalise_all(const activation *in, activation *out, const double *own,
                          int32_t images) {
    for (int32_t c = 0; c < in->channels; c++) {
        double mean, variance;
        measure_channel(in, 0, images, c, &mean, &variance);
        const double factor = own[c] / sqrt(variance + 1e-3);
        for (int32_t i = c; i < images * in->height * in->width * in->channels; i += in->channels) {
            out->values[i] = (in->values[i] - mean) * factor + own[in->channels + c];
        }
    }
}

static void compute(const network_row *row, const activation *all, activation *out,
                    const double *own, int32_t images) {
    const activation *const in = &all[row->inputs[0]];
    const activation *const other = row->kind == ADDITION ? &all[row->inputs[1]] : in;
    if (row->kind == NORMALISATION) {
        normalise_all(in, out, own, images);
        return;
    }
    double *to = out->values;
    for (int32_t i = 0; i < images * out->height * out->width; i++) {
        const int32_t image = i / (out->height * out->width),
                      pixel = i % (out->height * out->width);
        const int32_t y = pixel / out->width, x = pixel % out->width;
        for (int32_t c = 0; c < out->channels; c++) {
            *to++ = value_of(row, in, other, out, own, image, y, x, c);
        }
    }
}

/* The sum of the exponentials of an image's logits at a temperature. */
static double powers(const activation *logits, int32_t image, double temperature) {
    double sum = 0;
    for (int32_t c = 0; c < logits->channels; c++) {
        sum += exp(at(logits, image, 0, 0, c) / temperature);
    }
    return sum;
}

/* Of the teacher's probabilities and ours, both softened: T^2 times their cross-entropy. */
static double distance(const activation *logits, int32_t image, const teacher *taught) {
    const double temperature = (double)taught->temperature;
    const float *const theirs = taught->logits + (int64_t)image * logits->channels;
    double sum = 0, distance = 0;
    for (int32_t c = 0; c < logits->channels; c++) {
        sum += exp((double)theirs[c] / temperature);
    }
    for (int32_t c = 0; c < logits->channels; c++) {
        const double surprise =
            log(powers(logits, image, temperature)) - at(logits, image, 0, 0, c) / temperature;
        distance += exp((double)theirs[c] / temperature) / sum * surprise;
    }
    return temperature * temperature * distance;
}

double reference_loss(const network_row *rows, const network_fact *facts, int32_t row_count,
                      const double *parameters, const double *images, const int32_t *labels,
                      const teacher *taught, int32_t count) {
    activation *const all = calloc((size_t)row_count, sizeof *all);
    for (int32_t i = 0; i < row_count; i++) {
        const activation made = {(int32_t)facts[i].height, (int32_t)facts[i].width,
                                 (int32_t)facts[i].channels, NULL};
        const size_t elements = (size_t)(count * made.height * made.width * made.channels);
        all[i] = made;
        all[i].values = malloc(elements * sizeof(double));
        if (i == 0) {
            memcpy(all[i].values, images, elements * sizeof(double));
        } else {
            compute(&rows[i], all, &all[i], parameters + facts[i].first_parameter, count);
        }
    }
    double loss = 0;
    for (int32_t image = 0; image < count; image++) {
        const activation *const logits = &all[row_count - 1];
        const double own = log(powers(logits, image, 1)) - at(logits, image, 0, 0, labels[image]);
        const double share = taught == NULL ? 0 : (double)taught->share;
        loss += (1 - share) * own + (share > 0 ? share * distance(logits, image, taught) : 0);
    }
    for (int32_t i = 0; i < row_count; i++) {
        free(all[i].values);
    }
    free(all);
    return loss / count;
}
