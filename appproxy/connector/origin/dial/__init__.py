"""How an application's address is found and dialled."""
