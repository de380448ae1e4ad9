"""Video recorders with many channels: which have a picture, and whether they can be recorded."""
