#include "identity.h"

#include <stddef.h>
#include <stdint.h>

#include "family.h"
#include "target.h"

#define DBGMCU_IDCODE_DEV_ID_MASK 0xFFFU
#define UNIQUE_ID_WORDS 3U

static char uid[8 * UNIQUE_ID_WORDS + 1];
static uint32_t reset_flags;

/* Several flags of RCC_CSR can be set, and the pin's at almost every reset: the specific ones come
 * first. Bit 25 is not the same in all families. */
static const struct {
    uint32_t flag;
    const char *cause;
} causes[] = {
    {1U << 31, "low power"}, {1U << 30, "window watchdog"}, {1U << 29, "watchdog"},
    {1U << 28, "software"},  {1U << 27, "power"},           {1U << 25, RCC_CSR_BIT25_CAUSE},
    {1U << 26, "pin"},
};

/* Read only if it exists: on another or an emulated chip, the read would be a bus fault. */
static void read_uid(void) {
    debug_unit_start();
    if ((DBGMCU_IDCODE & DBGMCU_IDCODE_DEV_ID_MASK) != TARGET_DEVICE_ID) {
        return;
    }
    for (uint32_t i = 0; i < 8 * UNIQUE_ID_WORDS; i++) {
        uid[i] = "0123456789abcdef"[UNIQUE_ID(i / 8) >> (28 - 4 * (i % 8)) & 15U];
    }
}

void identity_read(void) {
    read_uid();
    reset_flags = RCC_CSR;
    RCC_CSR |= RCC_CSR_RMVF;
}

const char *identity_uid(void) { return uid; }

const char *identity_reset_cause(void) {
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if ((reset_flags & causes[i].flag) != 0) {
            return causes[i].cause;
        }
    }
    return "unknown";
}
