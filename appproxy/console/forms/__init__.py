"""Forms that are made of an operation's typed fields, and read back into its body."""
