"""The pages of a sign-in after the password, and those of the account."""
