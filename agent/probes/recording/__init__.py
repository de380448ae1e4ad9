"""The school's hosts for recorded lectures: whether one answers, by the strongest check that it allows."""
