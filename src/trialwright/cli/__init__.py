"""The command line: one command per room."""
