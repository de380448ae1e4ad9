"""What a device pack may say of the terminals that are associated with a controller's access points."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

from common.faults import fault

_Oid = Annotated[str, StringConstraints(pattern=r"^\.?\d+(\.\d+)+$", max_length=200)]


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class Stations(BaseModel):
    """The table of stations: their MACs are the rows' index, or the values of `values`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: _Oid | None = None
    values: _Oid | None = None
    ap: Annotated[tuple[_Oid, ...], BeforeValidator(_several)] = ()
    """Columns that tell the access point, by MAC, serial number, name, BSSID or IP address; tried in order. One of
    another table is joined by its index, where that begins with the station's MAC."""
    ssid: _Oid | None = None
    vlan: _Oid | None = None
    address: _Oid | None = None
    bssids: _Oid | None = None
    """A column whose value is the access point's MAC and whose index ends in a BSSID: for a station table that tells
    the BSSID only."""
    ap_addresses: _Oid | None = None
    """The column of access points' IP addresses: for a station table that tells the address only."""

    @model_validator(mode="after")
    def _one(self) -> "Stations":
        if (self.rows is None) == (self.values is None):
            raise fault("请写 rows 或 values 之一", "write either rows or values")
        return self
