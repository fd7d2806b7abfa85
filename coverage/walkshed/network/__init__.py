"""The walking graph: build, keep, snap."""
