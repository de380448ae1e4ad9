"""One per school: probes its devices and carries what it measured to the collector. Never writes to a device."""
