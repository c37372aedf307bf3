"""Operations on who signs in: people, programs, devices, and the providers that vouch for them."""
