"""What is supposed: scenarios, sizes, event numbers."""
