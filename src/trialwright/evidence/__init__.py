"""Published claims: their ledger, their checks, and the calibration of a scenario to them."""
