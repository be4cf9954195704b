"""Studies that ship with the program: promised, supposed and published kept apart, one file each."""
