"""How to reach a device over SNMP: v2c with a community, or v3 with a user (RFC 3414, RFC 3826, RFC 7860)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from common.faults import fault
from common.secrets import Secret

AuthProtocol = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
PrivacyProtocol = Literal["des", "aes128", "aes192", "aes256"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SnmpAuth(_Part):
    """How a v3 user proves itself."""

    protocol: AuthProtocol
    password: Secret


class SnmpPrivacy(_Part):
    """How a v3 user's messages are encrypted."""

    protocol: PrivacyProtocol
    password: Secret
    key_extension: Literal["blumenthal", "reeder"] = Field(
        "blumenthal",
        description="how a short hash (md5, sha, sha224) is stretched to a key for aes192 or aes256: blumenthal as "
        "net-snmp does by default, reeder as Cisco and many others do",
    )


class SnmpSettings(_Part):
    """One device's SNMP. Secrets are read when a connection is made, and again at the next."""

    host: str = Field(min_length=1, max_length=253, description="name or address")
    port: int = Field(161, ge=1, le=65535)
    version: Literal["2c", "3"] = "2c"
    community: Secret | None = Field(None, description="v2c: the read-only community")
    user: str | None = Field(None, min_length=1, max_length=32, description="v3: the user (RFC 3414: 32 octets)")
    auth: SnmpAuth | None = None
    privacy: SnmpPrivacy | None = None
    request_timeout_seconds: PositiveFloat = Field(2, le=60, description="how long one request waits for its answer")
    retries: int = Field(1, ge=0, le=10, description="how often a request without an answer is sent again")
    max_repetitions: int = Field(25, ge=1, le=1000, description="rows asked for at once; fewer for a weak old device")

    @model_validator(mode="after")
    def _complete(self) -> "SnmpSettings":
        if self.version == "2c":
            if self.community is None:
                raise fault("SNMP v2c 需要 community", "SNMP v2c needs a community")
            if self.user or self.auth or self.privacy:
                raise fault(
                    "user、auth、privacy 只用于 v3，请写 version: '3'",
                    "user, auth and privacy belong to v3; write version: '3'",
                )
            return self
        if self.community is not None:
            raise fault("community 只用于 v2c", "a community belongs to v2c")
        if self.user is None:
            raise fault("SNMP v3 需要 user", "SNMP v3 needs a user")
        if self.privacy is not None and self.auth is None:
            raise fault("有 privacy 就必须有 auth", "privacy needs auth")
        return self
