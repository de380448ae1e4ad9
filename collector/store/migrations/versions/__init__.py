"""Schema versions, oldest first; Alembic brings a store of any released version to the newest."""
