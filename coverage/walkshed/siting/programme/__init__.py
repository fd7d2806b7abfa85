"""Every model with every requirement, as one family of mixed-integer programmes."""
