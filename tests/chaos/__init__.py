"""A campaign of faults between real agents and a real collector, over a real link."""
