"""Operations on connectors and nodes."""
