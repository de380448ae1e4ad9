"""Head-ends of campus television: whether one is really sending."""
