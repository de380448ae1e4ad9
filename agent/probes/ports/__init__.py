"""The ports of a switch, router or firewall: link, negotiated speed, role, place, traffic; and the uplink."""
