#include "network.h"

#include <math.h>
#include <string.h>

#include "loss.h"
#include "structure.h"

#define MOMENTUM 0.99f /* of Keras's batch normalisation */

static int32_t limited(int32_t value, int32_t end) {
    return value < 0 ? 0 : value >= end ? end - 1 : value;
}

/* Load one image into its lane. In training it may be mirrored and shifted; a shift repeats the
 * pixels at the border. */
static void load_image(network *n, const uint8_t *image, lanes *group, int lane,
                       const step_settings *settings) {
    bool is_mirrored = false;
    int32_t down = 0, right = 0;
    if (settings != NULL && n->step.is_training && (settings->flip > 0 || settings->shift > 0)) {
        const uint64_t bits = next_random(&n->step.random);
        const int32_t places = 2 * settings->shift + 1;
        is_mirrored = (float)(bits & 0xFFFF) / 0x1p16f < settings->flip;
        down = (int32_t)((bits >> 16 & 0xFFFF) % (uint64_t)places) - settings->shift;
        right = (int32_t)((bits >> 32 & 0xFFFF) % (uint64_t)places) - settings->shift;
    }
    const shape of = n->nodes[0].out;
    for (int32_t y = 0; y < of.height; y++) {
        const uint8_t *const row =
            image + (int64_t)limited(y + down, of.height) * of.width * of.channels;
        for (int32_t x = 0; x < of.width; x++) {
            int32_t from = limited(x + right, of.width);
            from = is_mirrored ? of.width - 1 - from : from;
            for (int32_t c = 0; c < of.channels; c++) {
                (*group++)[lane] = (float)row[from * of.channels + c] * n->scale;
            }
        }
    }
}

/* Load `count` images from a position of the order. The remaining lanes repeat the last image. */
static void load(network *n, const source *from, int64_t position, int64_t count,
                 const step_settings *settings) {
    const int64_t size = elements(n->nodes[0].out);
    for (int64_t i = 0; i < part_of(n); i++) {
        const int64_t index = from->order[position + (i < count ? i : count - 1)];
        load_image(n, from->images + index * size, n->nodes[0].output + i / LANES * size,
                   (int)(i % LANES), settings);
        n->labels[i] = from->labels == NULL ? 0 : from->labels[index];
    }
}

static const lanes *run(network *n, float *parameters) {
    for (int32_t i = 0; i < n->count; i++) {
        forward(&n->nodes[i], &n->step, parameters);
    }
    return last_of(n)->output;
}

/* The loss of the images from a position of the order, and the gradients of its logits. */
static double lose(network *n, const source *from, int64_t position, const lanes *logits,
                   const step_settings *settings, int64_t batch) {
    const batch_labels labels = {
        n->labels, n->step.groups, batch, settings->smoothing, from->taught, from->order + position,
    };
    return find_loss(logits, classes_of(n), &labels, last_of(n)->gradients);
}

/* Pass the gradients of an addition on to each of its inputs. */
static void share_gradients(network *n, int32_t index) {
    const node *const of = &n->nodes[index];
    for (int32_t i = 1; i >= 0; i--) {
        const node *const from = &n->nodes[of->inputs[i]];
        if (n->plans[index].is_added[i]) {
            add_gradients(&n->step, elements(of->in), of->gradients, from->gradients);
        } else if (from->is_trained && from->gradients != of->gradients) {
            copy_gradients(&n->step, elements(of->in), of->gradients, from->gradients);
        }
    }
}

static void run_back(network *n, const float *parameters, float *gradients) {
    for (int32_t i = n->count - 1; i >= 0; i--) {
        const node *const of = &n->nodes[i];
        const plan *const own = &n->plans[i];
        if (of->is_trained && of->kind == ADDITION) {
            share_gradients(n, i);
        } else if (of->is_trained) {
            lanes *const to = n->nodes[of->inputs[0]].gradients;
            lanes *const first = own->is_added[0] ? n->buffers[own->scratch].memory : to;
            backward(of, &n->step, parameters, first, gradients);
            if (own->is_added[0]) {
                add_gradients(&n->step, elements(of->in), first, to);
            }
        }
    }
}

/* Source: Kingma and Ba, Adam, 2015, in the form of Keras. */
static void adam(float *state, int64_t count, const float *gradients, int64_t step_number,
                 float rate) {
    const float first = 0.9f, second = 0.999f, epsilon = 1e-7f;
    const double t = (double)step_number;
    const float alpha =
        rate * (float)(sqrt(1 - pow((double)second, t)) / (1 - pow((double)first, t)));
    float *const m = state + count, *const v = m + count;
    for (int64_t i = 0; i < count; i++) {
        m[i] += (gradients[i] - m[i]) * (1 - first);
        v[i] += (gradients[i] * gradients[i] - v[i]) * (1 - second);
        state[i] -= alpha * m[i] / (sqrtf(v[i]) + epsilon);
    }
}

/* Move the average of the parameters towards them; a share of 1 copies them. */
static void move_average(const float *parameters, int64_t count, float share, float *average) {
    for (int64_t i = 0; i < count; i++) {
        average[i] = (1 - share) * average[i] + share * parameters[i];
    }
}

void network_use_threads(network *n, int32_t threads) {
    n->step.threads = threads < 1 ? 1 : threads < n->step.groups ? threads : n->step.groups;
}

/* The momentum of Keras, but less in the first steps. Otherwise the initial values of the moving
 * means would dominate after a short training. Source: TensorFlow's ExponentialMovingAverage. */
static float momentum_at(int64_t step_number) {
    const double first = (double)(1 + step_number) / (double)(10 + step_number);
    return (float)fmin(MOMENTUM, first);
}

int32_t network_train(network *n, float_array state, const source *from,
                      const step_settings *settings, int64_t first_step, float_array rates,
                      float_array shares, double *loss) {
    const int64_t steps = rates.count, part = part_of(n);
    const int64_t values = (shares.count == 0 ? 3 : 4) * n->parameters;
    int32_t status = check_settings(settings);
    if (status != NETWORK_OK) {
        return status;
    }
    const int64_t batch = part * settings->accumulated;
    if (steps < 1 || first_step < 0 || steps > INT64_MAX / batch || !holds(rates, steps) ||
        !holds(state, values)) {
        return NETWORK_SIZE;
    }
    status = check_shares(shares, steps);
    status = status != NETWORK_OK ? status : check_source(n, from, steps * batch, true);
    if (status != NETWORK_OK) {
        return status;
    }
    double sum = 0;
    n->step.is_training = true;
    for (int64_t i = 0; i < steps; i++) {
        n->step.random = settings->seed ^ (uint64_t)(first_step + i) * UINT64_C(0xD1342543DE82EF95);
        n->step.momentum = momentum_at(first_step + i);
        memset(n->gradients, 0, (size_t)n->parameters * sizeof *n->gradients);
        for (int32_t j = 0; j < settings->accumulated; j++) {
            const int64_t position = i * batch + j * part;
            load(n, from, position, part, settings);
            sum += lose(n, from, position, run(n, state.values), settings, batch) / (double)batch;
            run_back(n, state.values, n->gradients);
        }
        adam(state.values, n->parameters, n->gradients, first_step + i + 1, rates.values[i]);
        if (shares.count != 0) {
            move_average(state.values, n->parameters, shares.values[i],
                         state.values + 3 * n->parameters);
        }
    }
    *loss = sum / (double)steps;
    /* A value that was not finite in any step leaves a parameter or a moment not finite. */
    return isfinite(*loss) && are_finite(state.values, values) ? NETWORK_OK : NETWORK_DIVERGED;
}

int32_t network_gradients(network *n, float_array parameters, const source *from,
                          const step_settings *settings, float_array gradients, double *loss) {
    const int64_t batch = part_of(n);
    if (!holds(parameters, n->parameters) || !holds(gradients, n->parameters)) {
        return NETWORK_SIZE;
    }
    const int32_t settings_status = check_settings(settings);
    const int32_t status =
        settings_status != NETWORK_OK ? settings_status : check_source(n, from, batch, true);
    if (status != NETWORK_OK) {
        return status;
    }
    n->step.is_training = true;
    n->step.momentum = MOMENTUM;
    n->step.random = settings->seed;
    load(n, from, 0, batch, settings);
    *loss = lose(n, from, 0, run(n, parameters.values), settings, batch) / (double)batch;
    memset(gradients.values, 0, (size_t)n->parameters * sizeof *gradients.values);
    run_back(n, parameters.values, gradients.values);
    return isfinite(*loss) && are_finite(gradients.values, n->parameters) ? NETWORK_OK
                                                                          : NETWORK_DIVERGED;
}

/* The logits or the probabilities [order_count][classes]. */
static int32_t answer(network *n, float_array parameters, const source *from, bool is_logits,
                      float_array answers) {
    const int32_t classes = classes_of(n);
    const int64_t part = part_of(n), count = from->order_count;
    const int32_t status = check_source(n, from, count, false);
    if (status != NETWORK_OK || !holds(parameters, n->parameters) || count < 0 ||
        count > INT64_MAX / classes || !holds(answers, count * classes)) {
        return status != NETWORK_OK ? status : NETWORK_SIZE;
    }
    n->step.is_training = false;
    for (int64_t first = 0; first < count; first += part) {
        const int64_t own = count - first < part ? count - first : part;
        load(n, from, first, own, NULL);
        const lanes *const logits = run(n, parameters.values);
        for (int64_t i = 0; i < own; i++) {
            float *const own_answer = answers.values + (first + i) * classes;
            for (int32_t c = 0; c < classes; c++) {
                own_answer[c] = logits[i / LANES * classes + c][i % LANES];
            }
            if (!is_logits) {
                softmax(classes, own_answer);
            }
        }
    }
    return are_finite(answers.values, count * classes) &&
                   are_finite(parameters.values, n->parameters)
               ? NETWORK_OK
               : NETWORK_DIVERGED;
}

int32_t network_predict(network *n, float_array parameters, const source *from,
                        float_array probabilities) {
    return answer(n, parameters, from, false, probabilities);
}

int32_t network_logits(network *n, float_array parameters, const source *from, float_array logits) {
    return answer(n, parameters, from, true, logits);
}

/* Widen the lowest and highest values [channels][2] to contain a node's output. */
static void widen(const node *of, int32_t groups, float *ranges) {
    const int32_t channels = of->out.channels;
    for (int64_t i = 0; i < groups * elements(of->out); i++) {
        float *const own = ranges + 2 * (i % channels);
        for (int lane = 0; lane < LANES; lane++) {
            own[0] = fminf(own[0], of->output[i][lane]);
            own[1] = fmaxf(own[1], of->output[i][lane]);
        }
    }
}

int32_t network_ranges(network *n, float_array parameters, const source *from, float_array ranges) {
    const int64_t part = part_of(n), count = from->order_count;
    int64_t channels = 0;
    for (int32_t i = 1; i < n->count; i++) {
        channels += n->nodes[i].out.channels;
    }
    const int32_t status = check_source(n, from, count, false);
    if (status != NETWORK_OK || !holds(parameters, n->parameters) || !holds(ranges, 2 * channels)) {
        return status != NETWORK_OK ? status : NETWORK_SIZE;
    }
    n->step.is_training = false;
    for (int64_t first = 0; first < count; first += part) {
        load(n, from, first, count - first < part ? count - first : part, NULL);
        float *own = ranges.values;
        for (int32_t i = 1; i < n->count; i++) {
            forward(&n->nodes[i], &n->step, parameters.values);
            widen(&n->nodes[i], n->step.groups, own);
            own += 2 * (int64_t)n->nodes[i].out.channels;
        }
    }
    const bool is_finite = are_finite(parameters.values, n->parameters) &&
                           (count == 0 || are_finite(ranges.values, 2 * channels));
    return is_finite ? NETWORK_OK : NETWORK_DIVERGED;
}
