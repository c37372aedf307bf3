"""What the audit becomes on its way to other systems: where it goes, in which format, and what an answer means."""
