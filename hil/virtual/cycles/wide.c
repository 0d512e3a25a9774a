#include "instruction.h"

#include "bits.h"

/* A result in a register; the PC in its place means that there is none. */
static void gives(instruction_t *own, uint32_t register_number) {
    if (register_number != PC) {
        own->results |= bit(register_number);
    }
}

/* ARMv7-M, A5.3.5 */
static void decode_multiple(instruction_t *own, uint32_t first, uint32_t list) {
    const bool is_load = bits(first, 4, 1) != 0U;
    const uint32_t base = bits(first, 0, 4);
    own->kind = is_load ? KIND_LOAD_MULTIPLE : KIND_STORE_MULTIPLE;
    own->accesses = true;
    own->count = ones(list);
    own->address_registers = bit(base);
    own->updated_base = bits(first, 5, 1) != 0U ? bit(base) : 0;
    own->results = is_load ? (uint16_t)(list & ~(uint32_t)bit(PC)) : 0;
    own->writes_pc = is_load && (list & bit(PC)) != 0;
}

/* A5.3.6: two registers, exclusive accesses, table branches */
static void decode_double(instruction_t *own, uint32_t first, uint32_t second) {
    const bool is_load = bits(first, 4, 1) != 0U;
    const uint32_t base = bits(first, 0, 4);
    own->accesses = true;
    own->address_registers = bit(base);
    if ((first & 0x0140U) == 0x0040U && bits(first, 5, 1) == 0U) { /* P and W are 0 */
        const bool is_branch = (first & 0x01F0U) == 0x00D0U && bits(second, 5, 3) == 0U;
        own->kind = is_load ? KIND_LOAD : KIND_STORE;
        if (is_branch) {
            own->kind = KIND_TABLE_BRANCH;
            own->writes_pc = true;
            own->address_registers |= bit(bits(second, 0, 4));
        } else if (is_load) {
            gives(own, bits(second, 12, 4));
        }
        return;
    }
    own->kind = is_load ? KIND_LOAD_DOUBLE : KIND_STORE_DOUBLE;
    own->count = 2;
    own->updated_base = bits(first, 5, 1) != 0U ? bit(base) : 0;
    if (is_load) {
        gives(own, bits(second, 12, 4));
        gives(own, bits(second, 8, 4));
    }
}

static void decode_barrier(instruction_t *own, uint32_t second) {
    const uint32_t opcode = bits(second, 4, 4);
    own->kind = opcode == 6U ? KIND_FLUSH : KIND_BARRIER;
}

/* A5.3.4: branches and control */
static void decode_control(instruction_t *own, uint32_t first, uint32_t second) {
    const uint32_t sign = bits(first, 10, 1);
    const bool is_far = bits(second, 12, 1) != 0U;
    if (bits(second, 14, 1) == 0U && !is_far && bits(first, 7, 3) == 7U) {
        if ((first & 0xFFF0U) == 0xF3B0U) {
            decode_barrier(own, second);
        } else if ((first & 0xFFF0U) == 0xF3A0U) {
            own->kind = bits(second, 8, 3) == 0U ? KIND_NOP : KIND_SYSTEM;
        } else {
            own->kind = KIND_SYSTEM;
            own->results = (first & 0xFFE0U) == 0xF3E0U ? bit(bits(second, 8, 4)) : 0; /* MRS */
        }
        return;
    }
    own->kind = KIND_BRANCH;
    own->writes_pc = true;
    const uint32_t j1 = bits(second, 13, 1);
    const uint32_t j2 = bits(second, 11, 1);
    uint32_t offset = bits(second, 0, 11) << 1;
    if (is_far) {
        offset |= bits(first, 0, 10) << 12 | (j2 ^ sign ^ 1U) << 22 | (j1 ^ sign ^ 1U) << 23;
        offset |= sign != 0U ? 0xFF000000U : 0U;
    } else {
        offset |= bits(first, 0, 6) << 12 | j1 << 18 | j2 << 19;
        offset |= sign != 0U ? 0xFFF00000U : 0U;
    }
    own->target = own->address + 4U + offset;
}

/* A5.3.7 to A5.3.10: single loads and stores */
static void decode_single(instruction_t *own, uint32_t first, uint32_t second) {
    const bool is_load = bits(first, 4, 1) != 0U;
    const uint32_t base = bits(first, 0, 4);
    const uint32_t data = bits(second, 12, 4);
    const bool has_long_offset = bits(first, 7, 1) != 0U || base == PC;
    const bool has_short_offset = !has_long_offset && bits(second, 11, 1) != 0U;
    own->address_registers = base == PC ? 0 : bit(base);
    if (has_short_offset && bits(second, 8, 1) != 0U) {
        own->updated_base = bit(base);
    }
    const bool is_by_register = !has_long_offset && !has_short_offset;
    if (is_by_register) {
        own->address_registers |= bit(bits(second, 0, 4));
    }
    if (is_load && data == PC && bits(first, 5, 2) != 2U) {
        own->kind = KIND_NOP; /* PLD, PLI */
        return;
    }
    own->accesses = true;
    own->writes_pc = is_load && data == PC;
    own->kind = is_load ? KIND_LOAD : is_by_register ? KIND_STORE_BY_REGISTER : KIND_STORE;
    if (is_load) {
        gives(own, data);
    }
}

/* A5.3.16: multiplications with a result of 64 bits, and divisions */
static void decode_long(instruction_t *own, uint32_t first, uint32_t second) {
    gives(own, bits(second, 8, 4));
    if (bits(first, 4, 3) == 1U || bits(first, 4, 3) == 3U) {
        own->kind = KIND_DIVIDE;
    } else {
        gives(own, bits(second, 12, 4));
    }
}

void instruction_decode_wide(instruction_t *own, uint16_t first, uint16_t second) {
    if ((first & 0xEC00U) == 0xEC00U) {
        instruction_decode_float(own, first, second);
    } else if ((first & 0xFE40U) == 0xE800U) {
        decode_multiple(own, first, second);
    } else if ((first & 0xFE40U) == 0xE840U) {
        decode_double(own, first, second);
    } else if (first < 0xF000U) {
        gives(own, bits(second, 8, 4)); /* shifted registers */
    } else if (first < 0xF800U) {
        if (bits(second, 15, 1) != 0U) {
            decode_control(own, first, second);
        } else {
            gives(own, bits(second, 8, 4)); /* immediate values */
        }
    } else if (first < 0xFA00U) {
        decode_single(own, first, second);
    } else if (first < 0xFB80U) {
        gives(own, bits(second, 8, 4)); /* registers, and multiplications of 32 bits */
    } else {
        decode_long(own, first, second);
    }
}
