"""An ONVIF camera written from the Core and Media specifications: strict about time, and able to be odd."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.peers.device_web import DeviceWeb

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tt="http://www.onvif.org/ver10/schema"><SOAP-ENV:Body>{}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
)
DEVICE, MEDIA = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"


@dataclass
class OnvifRaw:
    """`clock` is how far its own is ahead; a signature that is dated `strict` seconds off it is refused."""

    user: str = "admin"
    password: str = "pw"
    clock: timedelta = timedelta()
    strict: float = 5
    lacks: tuple[str, ...] = ()
    """Questions that it answers with ActionNotSupported."""
    media2: bool = False
    host: str = "127.0.0.1"
    """The host in the addresses that it gives."""
    stream: str = "rtsp://{host}:{port}/main"
    rtsp_port: int = 554
    profiles: int = 2
    answers: dict[str, bytes] = field(default_factory=dict)
    """The whole body of an answer by question, in place of the good one."""
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    web: DeviceWeb = field(default_factory=DeviceWeb)

    def __post_init__(self) -> None:
        self.web.pages |= {"/onvif/device_service": self._page, "/onvif/media": self._page}

    def _page(self, body: bytes) -> tuple[int, bytes]:
        text = body.decode()
        match = re.search(r"Body>\s*<(?:\w+:)?(\w+) ", text)
        name = match[1] if match else ""
        self.asked.append(name)
        if name in self.lacks:
            return self._fault("Receiver", "ActionNotSupported")
        if name != "GetSystemDateAndTime" and not self._is_signed(text):
            return self._fault("Sender", "NotAuthorized")
        if name in self.answers:
            return 200, self.answers[name]
        return 200, ENVELOPE.format(self._answer(name, text)).encode()

    def _fault(self, code: str, subcode: str) -> tuple[int, bytes]:
        text = (
            f"<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:{code}</SOAP-ENV:Value><SOAP-ENV:Subcode>"
            f"<SOAP-ENV:Value>ter:{subcode}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code>"
            '<SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">no</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>'
        )
        return (400 if code == "Sender" else 500), ENVELOPE.format(text).encode()

    def _is_signed(self, text: str) -> bool:
        if not self.password:
            return True
        said = dict(re.findall(r"<(?:\w+:)?(Username|Password|Nonce|Created)(?: [^>]*)?>([^<]*)<", text))
        if not said:
            return False
        digest = hashlib.sha1(  # noqa: S324 - WS-Security asks for it
            base64.b64decode(said["Nonce"]) + said["Created"].encode() + self.password.encode()
        ).digest()
        created = datetime.fromisoformat(said["Created"])
        late = abs((created - datetime.now(UTC) - self.clock).total_seconds())
        right = said["Username"] == self.user and base64.b64decode(said["Password"]) == digest and late <= self.strict
        self.refused += not right
        return right

    def _answer(self, name: str, text: str) -> str:
        here = f"http://{self.host}:{self.web.port}"
        match name:
            case "GetSystemDateAndTime":
                now = datetime.now(UTC) + self.clock
                return (
                    f'<d:{name}Response xmlns:d="{DEVICE}"><d:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>'
                    f"<tt:UTCDateTime><tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
                    f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year>"
                    f"<tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime>"
                    f"</d:SystemDateAndTime></d:{name}Response>"
                )
            case "GetDeviceInformation":
                return (
                    f'<d:{name}Response xmlns:d="{DEVICE}"><d:Manufacturer>浙江大华</d:Manufacturer>'
                    f"<d:Model>IPC</d:Model></d:{name}Response>"
                )
            case "GetServices":
                media = MEDIA2 if self.media2 else MEDIA
                return (
                    f'<d:{name}Response xmlns:d="{DEVICE}"><d:Service><d:Namespace>{DEVICE}</d:Namespace>'
                    f"<d:XAddr>{here}/onvif/device_service</d:XAddr></d:Service><d:Service><d:Namespace>{media}"
                    f"</d:Namespace><d:XAddr>{here}/onvif/media</d:XAddr></d:Service></d:{name}Response>"
                )
            case "GetCapabilities":
                return (
                    f'<d:{name}Response xmlns:d="{DEVICE}"><d:Capabilities><tt:Media><tt:XAddr>{here}/onvif/media'
                    f"</tt:XAddr></tt:Media></d:Capabilities></d:{name}Response>"
                )
            case "GetProfiles":
                rows = "".join(
                    f'<m:Profiles token="p{n}"><tt:Name>x</tt:Name></m:Profiles>' for n in range(self.profiles)
                )
                return f'<m:{name}Response xmlns:m="{MEDIA}">{rows}</m:{name}Response>'
            case "GetStreamUri":
                assert "ProfileToken>p0<" in text
                uri = self.stream.format(host=self.host, port=self.rtsp_port)
                inner = f"<m:Uri>{uri}</m:Uri>" if self.media2 else f"<m:MediaUri><tt:Uri>{uri}</tt:Uri></m:MediaUri>"
                return f'<m:{name}Response xmlns:m="{MEDIA2 if self.media2 else MEDIA}">{inner}</m:{name}Response>'
        raise AssertionError(f"{name} is no question of ours")
