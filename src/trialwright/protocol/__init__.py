"""What was promised: the typed document, its loader, the rule language and screening."""
