"""What leaves the house: maps, tables, layers."""
