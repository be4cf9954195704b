"""Registry records and, later, CDISC formats: names change here only."""
