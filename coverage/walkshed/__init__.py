"""Walkshed plans public reading rooms so that every resident has one within a 15-minute walk."""
