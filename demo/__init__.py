"""Three simulated schools on this machine: real protocols, real agents, a real collector."""
