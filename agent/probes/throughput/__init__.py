"""What the way to a test server carries, in both directions."""
