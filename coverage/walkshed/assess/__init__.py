"""Who is served: coverage, rates, gaps."""
