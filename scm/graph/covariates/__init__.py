"""Sets of columns that serve: adjustment, front door, instruments, mediators."""
