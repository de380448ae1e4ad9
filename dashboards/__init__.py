"""Grafana boards as code: `python -m dashboards.build` writes the JSON that Grafana is given."""

import warnings

# The older scheme is meant: every Grafana from 11 on reads it, and 11 does not read the newer one.
warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
