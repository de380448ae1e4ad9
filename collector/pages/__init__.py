"""Server-rendered pages for the network office, in Chinese and English."""
