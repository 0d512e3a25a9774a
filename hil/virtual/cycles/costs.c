#include "costs.h"

static cost_t split(uint32_t cycles, uint32_t alone_cycles) {
    return (cost_t){(int32_t)cycles, 0, (int32_t)alone_cycles - (int32_t)cycles};
}

static cost_t whole(uint32_t cycles) { return (cost_t){(int32_t)cycles, 0, 0}; }

void costs_start(const facts_t *facts, cost_t costs[KINDS]) {
    const uint32_t before_load = facts->store_cycles + facts->store_before_load_cycles;
    const cost_t multiple = {(int32_t)facts->multiple_cycles, (int32_t)facts->multiple_each_cycles,
                             0};
    costs[KIND_ALU] = whole(facts->alu_cycles);
    costs[KIND_NOP] = whole(facts->nop_cycles);
    costs[KIND_IT] = whole(facts->it_cycles);
    costs[KIND_DIVIDE] = whole(facts->divide_cycles);
    costs[KIND_LOAD] = split(facts->load_pipelined_cycles, facts->load_cycles);
    costs[KIND_STORE] = split(facts->store_cycles, before_load);
    costs[KIND_STORE_BY_REGISTER] = split(facts->store_cycles, facts->store_by_register_cycles);
    costs[KIND_LOAD_MULTIPLE] = multiple;
    costs[KIND_STORE_MULTIPLE] = multiple;
    costs[KIND_LOAD_DOUBLE] = whole(facts->double_cycles);
    costs[KIND_STORE_DOUBLE] = whole(facts->double_cycles);
    costs[KIND_BRANCH] = whole(facts->alu_cycles);
    costs[KIND_BRANCH_BY_REGISTER] = whole(facts->alu_cycles);
    costs[KIND_TABLE_BRANCH] = whole(facts->table_branch_cycles);
    costs[KIND_BARRIER] = whole(facts->barrier_cycles);
    costs[KIND_FLUSH] = whole(facts->alu_cycles);
    costs[KIND_SYSTEM] = whole(facts->system_cycles);
    costs[KIND_FLOAT] = whole(facts->float_cycles);
    costs[KIND_FLOAT_ACCUMULATE] = whole(facts->float_accumulate_cycles);
    costs[KIND_FLOAT_DIVIDE] = whole(facts->float_cycles);
    costs[KIND_MOVE_DOUBLE] = whole(facts->move_double_cycles);
}
