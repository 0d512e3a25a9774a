/** CRC-32 of IEEE 802.3, the one of zlib. */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

/** CRC of bytes that have the given CRC, followed by size bytes; that of none is 0. */
uint32_t crc32_more(uint32_t crc, const uint8_t *bytes, size_t size);

/** CRC of size bytes. */
uint32_t crc32(const uint8_t *bytes, size_t size);

#endif
