/**
 * The bench application: answers text commands on the board's serial port.
 *
 * A command ends in '%'; a carriage return or line feed before that drops what was typed. The
 * answer is lines, the last one "m-ready". Nothing is sent unasked. docs/protocol.md has it all.
 */
#ifndef BENCH_H
#define BENCH_H

/** Version of the protocol, told by "info%". */
#define BENCH_PROTOCOL_VERSION 2

/** Longest command with its arguments, in bytes. */
#define BENCH_COMMAND_BYTES 320

/**
 * In the bytes of "put", what would end or drop a command (NUL, LF, CR, '%') and the escape itself
 * are sent as the escape and the byte with these bits flipped.
 */
#define BENCH_ESCAPE '~'
#define BENCH_ESCAPE_FLIP 0x20

/** Answer commands until board_read_byte gives a negative value. */
void bench_run(void);

#endif
