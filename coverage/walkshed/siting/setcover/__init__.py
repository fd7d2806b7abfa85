"""Fewest rooms, and the least worst walk: set covering without further requirements, the quick way."""
