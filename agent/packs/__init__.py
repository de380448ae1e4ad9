"""How each vendor's wireless devices answer: one YAML file a family, its model and its loader. Data, no code."""
