"""The p-median and gradual coverage: whoever is served gains the more, the nearer the best room is."""
