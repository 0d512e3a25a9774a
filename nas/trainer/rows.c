/* Reads the rows from Python: the kind, the shapes and the parameters of each node. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "structure.h"

/* With these limits, no index and no product of sizes in the nodes' loops exceeds 31 bits. */
#define MOST_CHANNELS 16384
#define MOST_ROW (1 << 24) /* values of a row of pixels */
#define MOST_ELEMENTS (1 << 28)
#define MOST_SIZE 255 /* rows and columns of a kernel, and its stride */

static bool is_small(shape s) {
    return s.channels <= MOST_CHANNELS && (int64_t)s.width * s.channels <= MOST_ROW &&
           pixels(s) <= MOST_ELEMENTS && elements(s) <= MOST_ELEMENTS;
}

static bool is_side(int32_t size) { return size >= 1 && size <= MOST_SIZE && size % 2 == 1; }

static bool is_stride(int32_t stride) { return stride >= 1 && stride <= MOST_SIZE; }

/* Whether the numbers of a row are valid; its inputs are not checked. */
static bool has_numbers(const network_row *row) {
    switch (row->kind) {
    case IMAGE:
        return row->size[0] >= 1 && row->size[1] >= 1 && row->channels >= 1;
    case CONVOLUTION:
    case DEPTHWISE:
        return is_side(row->size[0]) && is_side(row->size[1]) && is_stride(row->stride[0]) &&
               is_stride(row->stride[1]) && (row->kind == DEPTHWISE || row->channels >= 1);
    case RELU:
        return row->highest > 0;
    case MAX_POOL:
    case AVERAGE_POOL:
        return row->size[0] >= 1 && row->size[1] >= 1;
    case DROPOUT:
        return row->rate >= 0 && row->rate < 1;
    case DENSE:
        return row->channels >= 1;
    default:
        return true;
    }
}

static bool is_same(shape a, shape b) {
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

/* Whether the shapes of the inputs are valid for a row. */
static bool can_take(const network_row *row, shape in, shape other) {
    switch (row->kind) {
    case ADDITION:
        return is_same(in, other);
    case MAX_POOL:
    case AVERAGE_POOL:
        return row->size[0] <= in.height && row->size[1] <= in.width;
    case DENSE:
        return pixels(in) == 1;
    default:
        return true;
    }
}

/* TensorFlow's SAME padding: ceil(in / stride) windows. If the number of zeros is odd, the
 * additional zero is at the end. */
static axis padded(int32_t in, int32_t kernel, int32_t stride) {
    const int32_t out = (in + stride - 1) / stride;
    const int32_t zeros = (out - 1) * stride + kernel - in;
    const axis result = {in, out, kernel, stride, zeros > 0 ? zeros / 2 : 0};
    return result;
}

/* Windows without overlap. Positions at the end that do not fill a window are ignored. */
static axis divided(int32_t in, int32_t size) {
    const axis result = {in, in / size, size, size, 0};
    return result;
}

static void set_kernels(node *of, const network_row *row) {
    kernels *const k = &of->kernels;
    if (of->kind == CONVOLUTION || of->kind == DEPTHWISE) {
        k->rows = padded(of->in.height, row->size[0], row->stride[0]);
        k->columns = padded(of->in.width, row->size[1], row->stride[1]);
    } else {
        k->rows = divided(of->in.height, row->size[0]);
        k->columns = divided(of->in.width, row->size[1]);
    }
    of->out.height = k->rows.out;
    of->out.width = k->columns.out;
    k->in_channels = of->in.channels;
    k->out_channels = of->out.channels;
}

/* Set the shapes of a node, and the number of its parameters. */
static void set_shapes(node *of, const network_row *row) {
    const int64_t channels = of->in.channels, bias = of->has_bias ? 1 : 0;
    of->out = of->in;
    switch (of->kind) {
    case IMAGE:
        of->out.height = row->size[0];
        of->out.width = row->size[1];
        of->out.channels = row->channels;
        of->in = of->out;
        break;
    case CONVOLUTION:
        of->out.channels = row->channels;
        set_kernels(of, row);
        of->count = (taps_in(&of->kernels) * channels + bias) * row->channels;
        break;
    case DEPTHWISE:
        set_kernels(of, row);
        of->count = (taps_in(&of->kernels) + bias) * channels;
        break;
    case NORMALISATION:
        of->count = 4 * channels;
        break;
    case MAX_POOL:
    case AVERAGE_POOL:
        set_kernels(of, row);
        break;
    case MEAN:
        of->out.height = of->out.width = 1;
        break;
    case DENSE:
        of->out.channels = row->channels;
        of->count = (channels + 1) * row->channels;
        break;
    case RELU:
    case ADDITION:
    case DROPOUT:
        break;
    }
}

static bool is_kind(int32_t kind, bool is_first) {
    return is_first ? kind == IMAGE : kind > IMAGE && kind <= DENSE;
}

/* Read one node. Its inputs must have been read before it. */
static int32_t read_row(network *n, const network_row *row, int32_t index) {
    node *const of = &n->nodes[index];
    if (!is_kind(row->kind, index == 0)) {
        return NETWORK_KIND;
    }
    if (!has_numbers(row)) {
        return NETWORK_NUMBER;
    }
    of->kind = (enum node_kind)row->kind;
    of->input_count = of->kind == IMAGE ? 0 : of->kind == ADDITION ? 2 : 1;
    shape read[2] = {{0, 0, 0}, {0, 0, 0}};
    for (int32_t i = 0; i < of->input_count; i++) {
        of->inputs[i] = row->inputs[i];
        if (row->inputs[i] < 0 || row->inputs[i] >= index) {
            return NETWORK_INPUT;
        }
        node *const from = &n->nodes[row->inputs[i]];
        from->readers++;
        read[i] = from->out;
        of->is_trained |= from->is_trained;
    }
    if (!can_take(row, read[0], read[1])) {
        return NETWORK_SHAPE;
    }
    of->in = read[0];
    of->has_bias = row->has_bias != 0;
    of->rate = row->rate;
    of->highest = row->highest;
    set_shapes(of, row);
    of->first = n->parameters;
    of->is_trained |= of->count > 0;
    n->parameters += of->count;
    return is_small(of->out) && of->count <= MOST_ELEMENTS ? NETWORK_OK : NETWORK_LARGE;
}

int32_t read_rows(network *n, const network_row *rows, int32_t *refused) {
    for (*refused = 0; *refused < n->count; ++*refused) {
        const int32_t status = read_row(n, rows + *refused, *refused);
        if (status != NETWORK_OK) {
            return status;
        }
    }
    for (*refused = 0; *refused < n->count - 1; ++*refused) {
        if (n->nodes[*refused].readers == 0) {
            return NETWORK_UNREAD;
        }
    }
    if (pixels(last_of(n)->out) != 1) {
        return NETWORK_LAST;
    }
    *refused = -1;
    return n->parameters > 0 ? NETWORK_OK : NETWORK_UNTRAINED;
}

int32_t network_kind(const char *name) {
    static const struct {
        const char *name;
        enum node_kind kind;
    } kinds[] = {
        {"IMAGE", IMAGE},         {"CONVOLUTION", CONVOLUTION},
        {"DEPTHWISE", DEPTHWISE}, {"NORMALISATION", NORMALISATION},
        {"RELU", RELU},           {"ADDITION", ADDITION},
        {"MAX_POOL", MAX_POOL},   {"AVERAGE_POOL", AVERAGE_POOL},
        {"MEAN", MEAN},           {"DROPOUT", DROPOUT},
        {"DENSE", DENSE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return (int32_t)kinds[i].kind;
        }
    }
    return 0;
}
