"""One box that is a school's gateway and wireless controller at once: a real snmpd whose answers the test decides.

IF-MIB (RFC 2863) and HUAWEI-WLAN-AP-MIB rows go through snmpd's `pass_persist`; see tests/peers/snmpd_pass.py.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

IF_TABLE = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1"
AP_TABLE = "1.3.6.1.4.1.2011.6.139.13.3.3.1"
AP_NAME, AP_RUN_STATE, AP_CLIENTS = 4, 6, 44
RUN_STATE_NORMAL, RUN_STATE_FAULT = 8, 4
PASSED = ("1.3.6.1.2.1.2.1", "1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1", "1.3.6.1.2.1.10.7", "1.3.6.1.4.1.2011.6.139")


@dataclass
class SchoolDevice:
    """What the box says. Change a field, then `write`."""

    rows_file: Path
    wan_bits: int = 1_000_000_000
    access_bits: tuple[int, ...] = (1_000_000_000, 100_000_000)
    dead_access_points: set[str] = field(default_factory=set)
    access_points: tuple[str, ...] = ("AP-101", "AP-102")

    def snmpd_conf(self) -> str:
        """Directives for snmpd.conf: the device's identity, and who answers for which tree."""
        script = Path(__file__).parent.parent / "peers" / "snmpd_pass.py"
        lines = ["sysObjectID 1.3.6.1.4.1.2011.2.240.7", "sysDescr Huawei ACU2"]
        lines += [f"pass_persist -p 1 .{oid} {sys.executable} -u {script} {self.rows_file}" for oid in PASSED]
        return "\n".join(lines) + "\n"

    def write(self) -> None:
        """Put the present state where snmpd's script reads it, in one step."""
        rows: list[str] = []
        ports = [("GigabitEthernet0/0/1", "to-MAN", self.wan_bits)]
        ports += [(f"GigabitEthernet0/0/{n}", f"desk-{n}", bits) for n, bits in enumerate(self.access_bits, start=2)]
        rows.append(f"1.3.6.1.2.1.2.1.0 integer {len(ports)}")
        for index, (name, alias, bits) in enumerate(ports, start=1):
            rows += [
                f"{IF_TABLE}.1.{index} integer {index}",
                f"{IF_TABLE}.2.{index} string {name}",
                f"{IF_TABLE}.3.{index} integer 6",
                f"{IF_TABLE}.5.{index} gauge {min(bits, 4294967295)}",
                f"{IF_TABLE}.7.{index} integer 1",
                f"{IF_TABLE}.8.{index} integer 1",
                f"{IF_X_TABLE}.1.{index} string {name}",
                f"{IF_X_TABLE}.15.{index} gauge {bits // 1_000_000}",
                f"{IF_X_TABLE}.18.{index} string {alias}",
            ]
        for number, name in enumerate(self.access_points, start=1):
            mac = f"0.37.158.0.0.{number}"
            state = RUN_STATE_FAULT if name in self.dead_access_points else RUN_STATE_NORMAL
            rows += [
                f"{AP_TABLE}.{AP_NAME}.{mac} string {name}",
                f"{AP_TABLE}.{AP_RUN_STATE}.{mac} integer {state}",
                f"{AP_TABLE}.{AP_CLIENTS}.{mac} integer 0",
            ]
        serving = len(self.access_points) - len(self.dead_access_points)
        rows += [
            f"1.3.6.1.4.1.2011.6.139.12.1.2.1.0 integer {serving}",
            "1.3.6.1.4.1.2011.6.139.12.1.2.2.0 integer 0",
        ]
        fresh = self.rows_file.with_suffix(".new")
        fresh.write_text("\n".join(rows) + "\n")
        fresh.replace(self.rows_file)
