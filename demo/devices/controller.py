"""Wireless controllers, each with the tables of its maker's MIB."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from demo.devices.snmp_device import Gauge32, Integer, IpAddress, OctetString, Oid, SnmpDevice, Value, oid

HUAWEI = oid("1.3.6.1.4.1.2011.6.139")
HUAWEI_AP = (*HUAWEI, 13, 3, 3, 1)
"""HUAWEI-WLAN-AP-MIB hwWlanApEntry, indexed by MAC: 1 MAC, 2 serial, 3 type, 4 name, 5 group, 6 run state, 13 address,
44 stations."""
HUAWEI_AP_BY_ID = (*HUAWEI, 13, 3, 10, 1)
"""hwWlanIDIndexedApEntry, indexed by AP id: 2 MAC, 3 serial, 4 type, 5 name, 7 run state, 45 stations."""
HUAWEI_APS_JOINED = (*HUAWEI, 12, 1, 2, 1, 0)
HUAWEI_STATIONS = (*HUAWEI, 12, 1, 2, 2, 0)
HUAWEI_STATIONS_2G = (*HUAWEI, 12, 1, 2, 5, 0)
HUAWEI_STATIONS_5G = (*HUAWEI, 12, 1, 2, 6, 0)
HUAWEI_APS_NORMAL = (*HUAWEI, 12, 1, 5, 6, 0)
HUAWEI_APS = (*HUAWEI, 12, 1, 5, 7, 0)
HUAWEI_NORMAL, HUAWEI_FAULT = 8, 4
"""hwWlanApRunState."""

H3C = oid("1.3.6.1.4.1.25506.2.75")
H3C_RUNNING = (*H3C, 2, 1, 1, 1)
"""HH3C-DOT11-APMT-MIB, registered access points, indexed by serial with its length: 2 address, 3 MAC,
4 operation status, 5 template name."""
H3C_STATIONS = (*H3C, 2, 1, 2, 1)
"""Running access points: 2 address, 3 MAC, 7 stations, 8 name, 9 model. A dead one has no row."""
H3C_ASSOCIATE = (*H3C, 2, 1, 10, 1)
"""Every access point: 7 associate status, 1 associated, 2 not."""
H3C_TEMPLATE = (*H3C, 4, 3, 1, 1)
"""What was configured, indexed by template name with its length: 2 serial."""
H3C_APS_CONNECTED = (*H3C, 1, 1, 2, 1, 0)
H3C_STATION_COUNT = (*H3C, 1, 1, 2, 2, 0)
H3C_APS_CONFIGURED = (*H3C, 1, 1, 2, 7, 0)
H3C_RUN = 5
"""hh3cDot11APOperationStatus."""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """One access point. A dead one has no stations."""

    name: str
    mac: bytes
    serial: str
    address: IPv4Address
    serving: bool = True
    stations: int = 0


class HuaweiController(SnmpDevice):
    """An access controller card of Huawei (ACU2)."""

    def __init__(
        self, name: str, community: str, access_points: Sequence[AccessPoint], *, silent: bool = False
    ) -> None:
        super().__init__(community, silent=silent)
        self.describe("Huawei ACU2 V200R010C00 Huawei Versatile Routing Platform", "1.3.6.1.4.1.2011.2.240.7", name)
        self.set_access_points(access_points)

    def set_access_points(self, access_points: Sequence[AccessPoint]) -> None:
        """What every row and total says from now on; names that are no longer given stay as they were."""
        rows: dict[Oid, Value] = {}
        for number, ap in enumerate(access_points):
            state = HUAWEI_NORMAL if ap.serving else HUAWEI_FAULT
            stations = ap.stations if ap.serving else 0
            by_mac: dict[int, Value] = {
                1: OctetString(ap.mac),
                2: OctetString(ap.serial),
                3: OctetString("AirEngine5761-11"),
                4: OctetString(ap.name.encode()),
                5: OctetString("default"),
                6: Integer(state),
                13: IpAddress(str(ap.address)),
                44: Gauge32(stations),
            }
            by_id: dict[int, Value] = {
                2: by_mac[1],
                3: by_mac[2],
                4: by_mac[3],
                5: by_mac[4],
                7: by_mac[6],
                45: by_mac[44],
            }
            rows |= {(*HUAWEI_AP, column, *ap.mac): value for column, value in by_mac.items()}
            rows |= {(*HUAWEI_AP_BY_ID, column, number): value for column, value in by_id.items()}
        serving = [ap for ap in access_points if ap.serving]
        stations = sum(ap.stations for ap in serving)
        rows |= {
            HUAWEI_APS_JOINED: Integer(len(serving)),
            HUAWEI_STATIONS: Integer(stations),
            HUAWEI_STATIONS_2G: Integer(stations // 3),
            HUAWEI_STATIONS_5G: Integer(stations - stations // 3),
            HUAWEI_APS_NORMAL: Integer(len(serving)),
            HUAWEI_APS: Integer(len(access_points)),
        }
        self.update(rows)


class H3CController(SnmpDevice):
    """An AC with Comware, whose tables of running access points leave out the dead ones."""

    def __init__(
        self, name: str, community: str, access_points: Sequence[AccessPoint], *, silent: bool = False
    ) -> None:
        super().__init__(community, silent=silent)
        self.describe("H3C Comware Platform Software LSQ1WCMD0", "1.3.6.1.4.1.25506.1.612", name)
        rows: dict[Oid, Value] = {}
        for ap in access_points:
            serial = _counted(ap.serial)
            rows[*H3C_ASSOCIATE, 7, *serial] = Integer(1 if ap.serving else 2)
            rows[*H3C_TEMPLATE, 2, *_counted(ap.name)] = OctetString(ap.serial)
            if ap.serving:
                rows |= {
                    (*H3C_RUNNING, 2, *serial): IpAddress(str(ap.address)),
                    (*H3C_RUNNING, 3, *serial): OctetString(ap.mac),
                    (*H3C_RUNNING, 4, *serial): Integer(H3C_RUN),
                    (*H3C_RUNNING, 5, *serial): OctetString(ap.name.encode()),
                    (*H3C_STATIONS, 2, *serial): IpAddress(str(ap.address)),
                    (*H3C_STATIONS, 3, *serial): OctetString(ap.mac),
                    (*H3C_STATIONS, 7, *serial): Integer(ap.stations),
                    (*H3C_STATIONS, 8, *serial): OctetString(ap.name.encode()),
                    (*H3C_STATIONS, 9, *serial): OctetString("WA6320"),
                }
        serving = [ap for ap in access_points if ap.serving]
        rows |= {
            H3C_APS_CONNECTED: Integer(len(serving)),
            H3C_STATION_COUNT: Integer(sum(ap.stations for ap in serving)),
            H3C_APS_CONFIGURED: Integer(len(access_points)),
        }
        self.update(rows)


def _counted(text: str) -> Oid:
    """A string of no fixed length as an index: its length, then its bytes (RFC 2578, 7.7)."""
    raw = text.encode()
    return (len(raw), *raw)
