"""Where to build next: candidates, models, plans."""
