"""Operations on the service as a whole."""
