"""Wireless controllers and stand-alone access points, by SNMP and a device pack."""
