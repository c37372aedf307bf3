"""Who may use what: conditions, verdicts, explanation. Pure."""
