"""Boards that are emulated: QEMU alone, and a whole Nucleo behind a serial port."""
