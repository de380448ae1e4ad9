"""IP broadcast: servers and terminals."""
