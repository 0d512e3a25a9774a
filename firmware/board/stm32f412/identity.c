#include "identity.h"

#include <stddef.h>
#include <stdint.h>

#include "stm32f412.h"

static char uid[8 * UNIQUE_ID_WORDS + 1];
static uint32_t reset_flags;

/* Several flags can be set, and the pin's at almost every reset: the specific ones come first. */
static const struct {
    uint32_t flag;
    const char *cause;
} causes[] = {
    {RCC_CSR_LPWRRSTF, "low power"}, {RCC_CSR_WWDGRSTF, "window watchdog"},
    {RCC_CSR_IWDGRSTF, "watchdog"},  {RCC_CSR_SFTRSTF, "software"},
    {RCC_CSR_PORRSTF, "power"},      {RCC_CSR_BORRSTF, "brownout"},
    {RCC_CSR_PINRSTF, "pin"},
};

/* Read only if it exists: on another or an emulated chip, the read would be a bus fault. */
static void read_uid(void) {
    if ((DBGMCU_IDCODE & DBGMCU_IDCODE_DEV_ID_MASK) != DEV_ID_STM32F412) {
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
