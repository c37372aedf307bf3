"""Operations on policies and risk."""
