"""One per district: takes the reports, holds the roster, gives each target a verdict, and tells whoever asks."""
