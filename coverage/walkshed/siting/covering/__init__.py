"""Maximal covering without further requirements: the quick way, for whole cities."""
