#include "instruction.h"

#include "bits.h"

#define SP 13U

static uint32_t signed_offset(uint32_t value, unsigned width) {
    const uint32_t sign = 1U << (width - 1U);
    return (value ^ sign) - sign;
}

static void branch_to(instruction_t *own, uint32_t offset) {
    own->kind = KIND_BRANCH;
    own->writes_pc = true;
    own->target = own->address + 4U + offset;
}

static void access(instruction_t *own, bool is_load, uint32_t data, uint16_t from) {
    own->kind = is_load ? KIND_LOAD : KIND_STORE;
    own->accesses = true;
    own->address_registers = from;
    own->results = is_load ? bit(data) : 0;
}

/* Shifts, additions, moves and comparisons: ARMv7-M, A5.2.1. */
static void decode_basic(instruction_t *own, uint32_t code) {
    const uint32_t opcode = bits(code, 11, 3);
    if (opcode == 5U) {
        return; /* CMP */
    }
    own->results = bit(opcode < 4U ? bits(code, 0, 3) : bits(code, 8, 3));
}

/* Data processing on two registers: A5.2.2. */
static void decode_registers(instruction_t *own, uint32_t code) {
    const uint32_t opcode = bits(code, 6, 4);
    const bool compares = opcode == 8U || opcode == 10U || opcode == 11U;
    own->results = compares ? 0 : bit(bits(code, 0, 3));
}

/* High registers and branches to registers: A5.2.3. */
static void decode_high(instruction_t *own, uint32_t code) {
    const uint32_t opcode = bits(code, 8, 2);
    const uint32_t to = bits(code, 0, 3) | bits(code, 7, 1) << 3;
    if (opcode == 3U || (opcode != 1U && to == PC)) {
        own->kind = KIND_BRANCH_BY_REGISTER;
        own->writes_pc = true;
    } else if (opcode != 1U) {
        own->results = bit(to);
    }
}

static void decode_access_by_register(instruction_t *own, uint32_t code) {
    const bool is_load = bits(code, 9, 3) >= 3U;
    const uint16_t from = (uint16_t)(bit(bits(code, 3, 3)) | bit(bits(code, 6, 3)));
    access(own, is_load, bits(code, 0, 3), from);
    if (!is_load) {
        own->kind = KIND_STORE_BY_REGISTER;
    }
}

static void decode_multiple(instruction_t *own, bool is_load, uint32_t base, uint32_t list) {
    own->kind = is_load ? KIND_LOAD_MULTIPLE : KIND_STORE_MULTIPLE;
    own->accesses = true;
    own->count = ones(list);
    own->address_registers = bit(base);
    own->updated_base = bit(base);
    own->results = is_load ? (uint16_t)(list & ~(uint32_t)bit(PC)) : 0;
    own->writes_pc = is_load && (list & bit(PC)) != 0;
}

/* A5.2.5 */
static void decode_miscellaneous(instruction_t *own, uint32_t code) {
    if (bits(code, 8, 4) == 0U) {
        own->results = bit(SP);
    } else if ((code & 0x0500U) == 0x0100U) { /* CBZ, CBNZ */
        branch_to(own, bits(code, 9, 1) << 6 | bits(code, 3, 5) << 1);
    } else if ((code & 0x0E00U) == 0x0400U) { /* PUSH */
        decode_multiple(own, false, SP, bits(code, 0, 9));
    } else if ((code & 0x0E00U) == 0x0C00U) { /* POP */
        decode_multiple(own, true, SP, bits(code, 0, 8) | bits(code, 8, 1) << PC);
    } else if ((code & 0x0FE0U) == 0x0660U) {
        own->kind = KIND_SYSTEM; /* CPS */
    } else if ((code & 0x0F00U) == 0x0F00U) {
        own->kind = bits(code, 0, 4) != 0U ? KIND_IT : KIND_NOP;
    } else {
        own->results = bit(bits(code, 0, 3)); /* extensions and byte reversals */
    }
}

static void decode_branch(instruction_t *own, uint32_t code) {
    if (bits(code, 12, 4) == 14U) {
        branch_to(own, signed_offset(bits(code, 0, 11) << 1, 12));
    } else if (bits(code, 8, 4) >= 14U) {
        own->kind = KIND_SYSTEM; /* SVC and UDF */
        own->writes_pc = true;
    } else {
        branch_to(own, signed_offset(bits(code, 0, 8) << 1, 9));
    }
}

static void decode_upper(instruction_t *own, uint32_t code) {
    switch (bits(code, 12, 4)) {
    case 8:
        access(own, bits(code, 11, 1) != 0U, bits(code, 0, 3), bit(bits(code, 3, 3)));
        break;
    case 9:
        access(own, bits(code, 11, 1) != 0U, bits(code, 8, 3), bit(SP));
        break;
    case 10:
        own->results = bit(bits(code, 8, 3)); /* an address from PC or SP */
        break;
    case 11:
        decode_miscellaneous(own, code);
        break;
    case 12:
        decode_multiple(own, bits(code, 11, 1) != 0U, bits(code, 8, 3), bits(code, 0, 8));
        break;
    default:
        decode_branch(own, code);
    }
}

void instruction_decode_narrow(instruction_t *own, uint16_t code) {
    if (code < 0x4000U) {
        decode_basic(own, code);
    } else if (code < 0x4400U) {
        decode_registers(own, code);
    } else if (code < 0x4800U) {
        decode_high(own, code);
    } else if (code < 0x5000U) {
        access(own, true, bits(code, 8, 3), 0); /* a literal */
    } else if (code < 0x6000U) {
        decode_access_by_register(own, code);
    } else if (code < 0x8000U) {
        access(own, bits(code, 11, 1) != 0U, bits(code, 0, 3), bit(bits(code, 3, 3)));
    } else {
        decode_upper(own, code);
    }
}

instruction_t instruction_decode(uint32_t address, const uint16_t *code, uint32_t bytes) {
    instruction_t own = {.address = address, .bytes = (uint8_t)bytes, .kind = KIND_ALU, .count = 1};
    if (bytes == 2U) {
        instruction_decode_narrow(&own, code[0]);
    } else {
        instruction_decode_wide(&own, code[0], code[1]);
    }
    return own;
}
