"""The code that speaks each protocol. A client knows nothing of readings, schools or schedules."""
