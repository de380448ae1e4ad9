"""What both halves need and that never crosses the network: bilingual text, configuration files, logging."""
