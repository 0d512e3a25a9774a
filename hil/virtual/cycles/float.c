#include "instruction.h"

#include "bits.h"

/* `count` single registers from `first` on. */
static uint32_t singles(uint32_t first, uint32_t count) {
    const uint32_t mask = count >= 32U ? 0xFFFFFFFFU : (1U << count) - 1U;
    return first >= 32U ? 0U : mask << first;
}

/* Number of the first single register of an operand; of a double register, its lower half. */
static uint32_t number(uint32_t four, uint32_t one, bool is_double) {
    return is_double ? (one << 4 | four) << 1 : four << 1 | one;
}

/* ARMv7-M, A5.6: VLDR, VSTR, VLDM, VSTM, and moves of two registers */
static void decode_transfer(instruction_t *own, uint32_t first, uint32_t second) {
    const bool is_load = bits(first, 4, 1) != 0U;
    const bool is_double = bits(second, 8, 1) != 0U;
    const uint32_t to = number(bits(second, 12, 4), bits(first, 6, 1), is_double);
    const uint32_t base = bits(first, 0, 4);
    if ((first & 0xFFE0U) == 0xEC40U) {
        const uint32_t own_number = number(bits(second, 0, 4), bits(second, 5, 1), is_double);
        own->kind = KIND_MOVE_DOUBLE;
        if (is_load) {
            own->results = (uint16_t)(bit(bits(second, 12, 4)) | bit(base));
            own->float_sources = singles(own_number, 2);
        } else {
            own->float_results = singles(own_number, 2);
        }
        return;
    }
    const bool is_one = (first & 0xFF20U) == 0xED00U;
    const uint32_t words = is_one ? (is_double ? 2U : 1U) : bits(second, 0, 8);
    own->accesses = true;
    own->count = (uint8_t)words;
    own->address_registers = base == PC ? 0 : bit(base);
    own->updated_base = !is_one && bits(first, 5, 1) != 0U ? bit(base) : 0;
    if (is_one && !is_double) {
        own->kind = is_load ? KIND_LOAD : KIND_STORE;
    } else {
        own->kind = is_load ? KIND_LOAD_MULTIPLE : KIND_STORE_MULTIPLE;
    }
    if (is_load) {
        own->float_results = singles(to, words);
    } else {
        own->float_sources = singles(to, words);
    }
}

/* A5.5: arithmetic. The two bits of `opcode` and `is_other` choose among A5-24's rows. */
static void decode_arithmetic(instruction_t *own, uint32_t first, uint32_t second) {
    const uint32_t opcode = bits(first, 4, 2);
    const bool is_other = bits(first, 7, 1) != 0U;
    const uint32_t to = singles(number(bits(second, 12, 4), bits(first, 6, 1), false), 1);
    const uint32_t left = singles(number(bits(first, 0, 4), bits(second, 7, 1), false), 1);
    const uint32_t right = singles(number(bits(second, 0, 4), bits(second, 5, 1), false), 1);
    own->kind = KIND_FLOAT;
    own->float_results = to;
    own->float_sources = left | right;
    if (is_other && opcode == 3U) { /* one operand */
        const uint32_t what = bits(first, 0, 4);
        const bool has_operand = bits(second, 6, 1) != 0U;
        const bool compares = what == 4U || what == 5U;
        own->float_sources = has_operand ? right : 0;
        if (what == 1U && bits(second, 6, 2) == 3U) {
            own->kind = KIND_FLOAT_DIVIDE;
        } else if (compares) {
            own->float_sources |= to;
            own->float_results = 0;
        } else if (!has_operand || what <= 1U) {
            own->kind = KIND_ALU; /* moves, and changes of the sign */
        }
    } else if (is_other && opcode == 0U) {
        own->kind = KIND_FLOAT_DIVIDE;
    } else if (is_other || opcode <= 1U) {
        own->kind = KIND_FLOAT_ACCUMULATE;
        own->float_addends = to;
    }
}

/* A5.7: moves of one register, and of the FPU's flags */
static void decode_move(instruction_t *own, uint32_t first, uint32_t second) {
    const bool is_to_core = bits(first, 4, 1) != 0U;
    const uint32_t core = bits(second, 12, 4);
    const uint32_t own_number = number(bits(first, 0, 4), bits(second, 7, 1), false);
    const bool is_flags = bits(first, 5, 3) == 7U;
    if (is_to_core && core != PC) {
        own->results = bit(core);
    }
    if (!is_flags && is_to_core) {
        own->float_sources = singles(own_number, 1);
    } else if (!is_flags) {
        own->float_results = singles(own_number, 1);
    }
}

void instruction_decode_float(instruction_t *own, uint16_t first, uint16_t second) {
    if (bits(second, 9, 3) != 5U) {
        return; /* another coprocessor */
    }
    if (bits(first, 8, 2) != 2U) {
        decode_transfer(own, first, second);
    } else if (bits(second, 4, 1) == 0U) {
        decode_arithmetic(own, first, second);
    } else {
        decode_move(own, first, second);
    }
}
