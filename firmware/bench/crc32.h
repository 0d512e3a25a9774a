/** CRC-32 of IEEE 802.3, as in zlib. */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

/** CRC of earlier bytes with the given CRC, followed by size bytes. The CRC of no bytes is 0. */
uint32_t crc32_more(uint32_t crc, const uint8_t *bytes, size_t size);

/** CRC of size bytes. */
uint32_t crc32(const uint8_t *bytes, size_t size);

#endif
