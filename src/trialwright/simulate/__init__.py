"""Virtual trials: record-level, the readable reference, and array-level, the fast one."""
