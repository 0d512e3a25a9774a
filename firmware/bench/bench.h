/**
 * The bench application: answers text commands on the board's serial port.
 *
 * A command ends in '%'. A carriage return or line feed before that discards the command. The
 * answer consists of lines; the last one is "m-ready". Only answers are sent. See docs/protocol.md.
 */
#ifndef BENCH_H
#define BENCH_H

/** Version of the protocol, reported by "info%". */
#define BENCH_PROTOCOL_VERSION 2

/** Longest command with its arguments, in bytes. */
#define BENCH_COMMAND_BYTES 320

/**
 * In the bytes of "put", the bytes that would end or discard a command (NUL, LF, CR, '%') and the
 * escape itself are sent as the escape and the byte with these bits flipped.
 */
#define BENCH_ESCAPE '~'
#define BENCH_ESCAPE_FLIP 0x20

/** Answer commands until board_read_byte returns a negative value. */
void bench_run(void);

#endif
