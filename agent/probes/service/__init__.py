"""The district's services as a school reaches them: one file for each system."""
