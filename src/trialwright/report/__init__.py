"""Documents, tables and figures as functions of Results."""
