"""The analysis plan turned into Results."""
