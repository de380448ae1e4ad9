"""Round trip, jitter and loss on the way to one destination."""
