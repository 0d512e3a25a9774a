#include "ports.h"

#include <string.h>

#include "crc32.h"

uint8_t *port_byte(const bench_port_t *ports, uint32_t offset) {
    for (; offset >= ports->bytes; ports++) {
        offset -= ports->bytes;
    }
    return (uint8_t *)ports->data() + offset;
}

uint32_t ports_crc(const bench_port_t *ports, uint32_t count) {
    uint32_t crc = 0;
    for (uint32_t i = 0; i < count; i++) {
        crc = crc32_more(crc, ports[i].data(), ports[i].bytes);
    }
    return crc;
}

void ports_read(const bench_port_t *ports, uint32_t count, uint8_t *bytes) {
    for (uint32_t i = 0; i < count; i++) {
        memcpy(bytes, ports[i].data(), ports[i].bytes);
        bytes += ports[i].bytes;
    }
}

void ports_write(const bench_port_t *ports, uint32_t count, const uint8_t *bytes) {
    for (uint32_t i = 0; i < count; i++) {
        memcpy(ports[i].data(), bytes, ports[i].bytes);
        bytes += ports[i].bytes;
    }
}
