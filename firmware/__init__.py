"""The C that runs on the board, the targets, and the records that travel between the stages."""
