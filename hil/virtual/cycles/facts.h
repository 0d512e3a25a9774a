#ifndef CYCLES_FACTS_H
#define CYCLES_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#define FACTS_MOST_MEMORIES 8U
#define FACTS_MOST_CACHED 1024U        /* lines of a cache */
#define FACTS_MOST_FLASH_LINES 131072U /* of the whole flash: 2 MiB of 16 bytes each */
#define FACTS_MOST_FETCHED 8U          /* words in the fetch buffer; a power of two */

/** Facts about the core, in cycles if not said otherwise. The core's TOML file says what each
 * means and where it comes from. */
#define CORE_FACTS(X)                                                                              \
    X(fetch_cycles)                                                                                \
    X(fetch_buffer_words)                                                                          \
    X(fetch_release_cycles)                                                                        \
    X(alu_cycles)                                                                                  \
    X(nop_cycles)                                                                                  \
    X(it_cycles)                                                                                   \
    X(it_folded_cycles)                                                                            \
    X(divide_cycles)                                                                               \
    X(load_cycles)                                                                                 \
    X(load_pipelined_cycles)                                                                       \
    X(load_to_address_cycles)                                                                      \
    X(result_to_address_cycles)                                                                    \
    X(store_cycles)                                                                                \
    X(store_by_register_cycles)                                                                    \
    X(store_before_load_cycles)                                                                    \
    X(multiple_cycles)                                                                             \
    X(multiple_each_cycles)                                                                        \
    X(double_cycles)                                                                               \
    X(unaligned_half_cycles)                                                                       \
    X(unaligned_odd_cycles)                                                                        \
    X(branch_refill_cycles)                                                                        \
    X(branch_by_register_refill_cycles)                                                            \
    X(table_branch_cycles)                                                                         \
    X(barrier_cycles)                                                                              \
    X(system_cycles)                                                                               \
    X(float_cycles)                                                                                \
    X(float_result_cycles)                                                                         \
    X(float_accumulate_cycles)                                                                     \
    X(float_divide_cycles)                                                                         \
    X(move_double_cycles)                                                                          \
    X(exception_cycles)

/** Facts about the chip; the target's TOML file describes them. */
#define CHIP_FACTS(X)                                                                              \
    X(flash_origin)                                                                                \
    X(flash_bytes)                                                                                 \
    X(wait_states)                                                                                 \
    X(flash_line_bytes)                                                                            \
    X(instruction_lines)                                                                           \
    X(data_lines)                                                                                  \
    X(prefetches)

/** All facts, and the first addresses of the memories between which loads do not pipeline. */
typedef struct {
#define X(name) uint32_t name;
    CORE_FACTS(X)
    CHIP_FACTS(X)
#undef X
    uint32_t memory_origin[FACTS_MOST_MEMORIES];
    uint32_t memories;
} facts_t;

/** Reads lines of a name and a number each; `memory_origin` may come several times.
 *
 * @return NULL, or what is wrong with the file */
const char *facts_read(const char *path, facts_t *facts);

#endif
