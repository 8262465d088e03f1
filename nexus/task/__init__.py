"""Tasks that are run by hand: a Job of what the stack made for it, started and followed."""
