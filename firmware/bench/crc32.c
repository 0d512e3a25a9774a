#include "crc32.h"

/* Reflected polynomial of IEEE 802.3. */
#define POLYNOMIAL UINT32_C(0xEDB88320)

uint32_t crc32_more(uint32_t crc, const uint8_t *bytes, size_t size) {
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1U) != 0 ? POLYNOMIAL : 0U);
        }
    }
    return ~crc;
}

uint32_t crc32(const uint8_t *bytes, size_t size) { return crc32_more(0, bytes, size); }
