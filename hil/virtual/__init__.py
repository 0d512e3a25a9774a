"""Emulated boards: QEMU alone, and a complete Nucleo behind a serial port."""
