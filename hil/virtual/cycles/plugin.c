/* A plugin of QEMU that counts the cycles of a Cortex-M4 while it executes firmware.
 *
 * Arguments: `facts`, a file as facts_read() takes it; `log`, a file; `mark`, up to four times,
 * ADDRESS:BYTES. Each access to marked addresses appends a record to the log: numbers of 64 bits in
 * the byte order of this machine. The first is the address, plus 2^32 if it is a store. Then come
 * the instructions, cycles and divides since the start, and the cycles of each cause of a stall. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu.h"
#include "trace.h"

#define RECORD_WORDS (4U + (unsigned)STALLS)
#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = QEMU_INTERFACE;

static int log_file = -1;

static void write_record(const access_t *access, const counts_t *counts) {
    uint64_t record[RECORD_WORDS] = {access->address | (uint64_t)access->is_store << 32,
                                     counts->instructions, counts->cycles, counts->divides};
    memcpy(&record[4], counts->stalls, sizeof counts->stalls);
    if (write(log_file, record, sizeof record) != (ssize_t)sizeof record) {
        qemu_plugin_outs("the log of cycles cannot be written\n");
        abort();
    }
}

static access_t describe(uint32_t how) {
    return (access_t){
        .bytes = 1U << qemu_plugin_mem_size_shift(how),
        .is_store = qemu_plugin_mem_is_store(how),
    };
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *from) {
    (void)id;
    const size_t count = qemu_plugin_tb_n_insns(from);
    trace_block_t *const block = trace_new_block((uint32_t)count);
    if (block == NULL) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(from, i);
        uint16_t code[2] = {0, 0};
        const uint32_t bytes = qemu_plugin_insn_size(insn) == 2U ? 2U : 4U;
        memcpy(code, qemu_plugin_insn_data(insn), bytes);
        const uint32_t address = (uint32_t)qemu_plugin_insn_vaddr(insn);
        trace_instruction_t *const own =
            trace_fill(block, (uint32_t)i, instruction_decode(address, code, bytes));
        if (own->instruction.accesses) {
            qemu_plugin_register_vcpu_mem_cb(insn, trace_access, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, own);
        }
    }
    qemu_plugin_register_vcpu_tb_exec_cb(from, trace_enter, QEMU_PLUGIN_CB_NO_REGS, block);
}

/* The value of an argument NAME=VALUE; NULL if it is another one. */
static const char *value_of(const char *argument, const char *name) {
    const size_t length = strlen(name);
    const bool is_it = strncmp(argument, name, length) == 0 && argument[length] == '=';
    return is_it ? &argument[length + 1U] : NULL;
}

static bool mark(const char *text) {
    char *end = NULL;
    const uint32_t origin = (uint32_t)strtoul(text, &end, 0);
    if (*end != ':') {
        return false;
    }
    return trace_mark((range_t){origin, (uint32_t)strtoul(end + 1, NULL, 0)});
}

static const char *take(const char *argument, facts_t *facts) {
    const char *value = value_of(argument, "facts");
    if (value != NULL) {
        return facts_read(value, facts);
    }
    value = value_of(argument, "log");
    if (value != NULL) {
        log_file = open(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        return log_file < 0 ? "the file cannot be written" : NULL;
    }
    value = value_of(argument, "mark");
    return value != NULL && mark(value) ? NULL : "not an argument of the cycle model";
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                 char **argv) {
    (void)info;
    static facts_t facts;
    for (int i = 0; i < argc; i++) {
        const char *const complaint = take(argv[i], &facts);
        if (complaint != NULL) {
            (void)fprintf(stderr, "cycle model: %s: %s\n", argv[i], complaint);
            return 1;
        }
    }
    if (facts.flash_line_bytes == 0U || log_file < 0) {
        (void)fprintf(stderr, "cycle model: facts and log are missing\n");
        return 1;
    }
    trace_start(&facts, describe, write_record);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
