/* What the flash interface is set to. A family without a cache has no bit for it. */
#include "clock.h"
#include "family.h"

uint32_t clock_wait_states(void) { return FLASH_ACR & FLASH_ACR_LATENCY_MASK; }

const char *clock_flash_caches(void) {
    static const char *const names[8] = {
        "",     "prefetch",      "instruction",      "prefetch instruction",
        "data", "prefetch data", "instruction data", "prefetch instruction data"};
    const uint32_t set = FLASH_ACR;
    return names[((set & FLASH_ACR_PRFTEN) != 0 ? 1U : 0U) |
                 ((set & FLASH_ACR_ICEN) != 0 ? 2U : 0U) | ((set & FLASH_ACR_DCEN) != 0 ? 4U : 0U)];
}
