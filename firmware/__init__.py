"""The C code for the board, the targets, and the records that the stages exchange."""
