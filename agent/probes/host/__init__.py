"""The agent's own machine."""
