"""What crosses the network between an agent and the collector. Imports pydantic only."""
