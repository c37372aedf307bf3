"""What sign-in needs of a store, and the two that give it: the service's database, and the memory of one process."""
