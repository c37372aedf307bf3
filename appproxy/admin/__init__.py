"""The admin API: one table of operations, over the local socket or in process."""
