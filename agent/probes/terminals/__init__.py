"""How many of the school's terminals are really there: its register against what the network has seen."""
