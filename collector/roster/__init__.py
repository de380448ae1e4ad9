"""What the district says of its schools: the denominators of every target."""
