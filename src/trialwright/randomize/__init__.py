"""Who gets what: pure allocation; chance is an argument."""
