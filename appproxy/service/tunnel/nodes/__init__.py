"""This node among the others: who lives, and where connectors are told that they are."""
