"""Operations on what is published, and how it looks."""
