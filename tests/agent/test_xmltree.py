"""XML of devices: names without prefixes, and nothing declared, expanded, deep or large."""

import pytest

from agent.clients import xmltree
from agent.errors import Malformed
from tests.peers.device_web import BOMB


def test_names_text_and_numbers() -> None:
    root = xmltree.parse(b'<s:a xmlns:s="x"><t:B s:token="1">&lt;5 &#x4e00;</t:B><b> 7 </b><c><b/></c></s:a>')
    assert root.name == "a"
    assert [each.text for each in root.every("b")] == ["<5 一", " 7 "]
    assert root.children[0].attributes == {"token": "1"}
    assert (root.value("B"), root.children[1].name, root.value("c", "b"), root.value("d")) == ("<5 一", "b", None, None)
    assert len(list(root.all("b"))) == 3
    assert xmltree.parse(b"<a><n> 42 </n></a>").whole("n") == 42
    assert xmltree.parse(b"<a/>").whole("n") is None


@pytest.mark.parametrize("number", ["-1", "1.5", "0x10", "９", "9" * 19, "one"])
def test_no_number(number: str) -> None:
    with pytest.raises(Malformed):
        xmltree.parse(f"<a><n>{number}</n></a>".encode()).whole("n")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BOMB, id="entity-bomb"),
        pytest.param(b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>', id="external-dtd"),
        pytest.param(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', id="external-entity"),
        pytest.param(b"<a>&undeclared;</a>", id="undeclared-entity"),
        pytest.param(b"<a>" * 33 + b"</a>" * 33, id="deep"),
        pytest.param(b"<a>" + b"<b/>" * 20_001 + b"</a>", id="many-elements"),
        pytest.param(b"<a>", id="cut-off"),
        pytest.param(b"<a/><b/>", id="two-roots"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00", id="binary"),
        pytest.param(b'<?xml version="1.0" encoding="no-such"?><a/>', id="unknown-encoding"),
        pytest.param(b"{}", id="json"),
    ],
)
def test_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        xmltree.parse(body)
