"""The cycle model: a plugin of QEMU in C that counts cycles, its facts and its log."""
