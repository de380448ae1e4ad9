"""What the collector keeps: the latest observations, one roll-up a day and subject, and every change of a verdict."""
