#ifndef CYCLES_INSTRUCTION_H
#define CYCLES_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

/** What an instruction costs depends on its kind, and on its neighbours. */
typedef enum {
    KIND_ALU, /* also multiplications, saturation, SIMD and moves: one cycle each */
    KIND_NOP,
    KIND_IT,
    KIND_DIVIDE,
    KIND_LOAD,
    KIND_STORE,
    KIND_STORE_BY_REGISTER, /* the offset is a register */
    KIND_LOAD_MULTIPLE,     /* also POP, VPOP and VLDM */
    KIND_STORE_MULTIPLE,
    KIND_LOAD_DOUBLE,
    KIND_STORE_DOUBLE,
    KIND_BRANCH,             /* the target is in the instruction: B, BL, CBZ */
    KIND_BRANCH_BY_REGISTER, /* also any other write to the PC, but loads */
    KIND_TABLE_BRANCH,
    KIND_BARRIER,
    KIND_FLUSH, /* ISB: the instructions after it are fetched again */
    KIND_SYSTEM,
    KIND_FLOAT,
    KIND_FLOAT_ACCUMULATE,
    KIND_FLOAT_DIVIDE, /* also square roots */
    KIND_MOVE_DOUBLE,  /* two registers between core and FPU */
    KINDS,
} kind_t;

/** An instruction of the Thumb set, as far as its timing is concerned.
 *
 * Masks have one bit for each register: r0 to r15, and s0 to s31. */
typedef struct {
    uint32_t address;
    uint32_t target; /* of KIND_BRANCH */
    uint32_t float_sources;
    uint32_t float_addends; /* read one cycle later than the other sources */
    uint32_t float_results;
    uint16_t address_registers; /* from which it computes a memory address */
    uint16_t results;
    uint16_t updated_base; /* written back by an addressing mode */
    uint8_t kind;
    uint8_t bytes;  /* 2 or 4 */
    uint8_t count;  /* registers of a multiple transfer */
    bool writes_pc; /* the next instruction may be elsewhere */
    bool accesses;  /* loads or stores, unless its condition fails */
} instruction_t;

/** Decodes one instruction.
 *
 * @param address where it lies
 * @param code its first two bytes, and the next two if it is wide
 * @param bytes 2 or 4 */
instruction_t instruction_decode(uint32_t address, const uint16_t *code, uint32_t bytes);

/** The parts of instruction_decode(); each fills in what it finds. */
void instruction_decode_narrow(instruction_t *own, uint16_t code);
void instruction_decode_wide(instruction_t *own, uint16_t first, uint16_t second);
void instruction_decode_float(instruction_t *own, uint16_t first, uint16_t second);

#endif
