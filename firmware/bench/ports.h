/** The inputs of a model, or its outputs, as one row of bytes: one tensor after the other. */
#ifndef PORTS_H
#define PORTS_H

#include "bench_model.h"

/** The byte at an offset, which is below the sum of their bytes. */
uint8_t *port_byte(const bench_port_t *ports, uint32_t offset);

/** The CRC of all their bytes. */
uint32_t ports_crc(const bench_port_t *ports, uint32_t count);

/** Copies all their bytes to a buffer of that size. */
void ports_read(const bench_port_t *ports, uint32_t count, uint8_t *bytes);

/** Copies all their bytes from a buffer of that size. */
void ports_write(const bench_port_t *ports, uint32_t count, const uint8_t *bytes);

#endif
