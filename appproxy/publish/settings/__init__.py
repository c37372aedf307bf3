"""The settings of an application: one table of them, and how they are read and written."""
