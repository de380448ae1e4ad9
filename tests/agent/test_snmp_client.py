"""The SNMP client against a real snmpd, and against agents that break the protocol, over real sockets."""

import asyncio
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.clients import _gufo
from agent.clients.snmp import connect, text
from agent.clients.snmp_settings import SnmpSettings
from agent.errors import Malformed, Refused, Silent, Unreachable
from tests.peers.free import free_udp_port
from tests.peers.snmp_raw import (
    AUTHORIZATION_ERROR,
    END_OF_MIB,
    GEN_ERR,
    NO_SUCH_INSTANCE,
    TOO_BIG,
    Answer,
    asks,
    integer,
    is_bulk,
    octets,
    peer,
    response,
    tlv,
)  # fmt: skip
from tests.peers.snmpd import snmpd

COLUMN = "1.3.6.1.2.1.2.2.1.10"
NEXT = "1.3.6.1.2.1.2.2.1.11.1"
OBJECT_ID = "1.3.6.1.2.1.1.2.0"
UP_TIME = "1.3.6.1.2.1.1.3.0"
NET_SNMP_LINUX = "1.3.6.1.4.1.8072.3.2.10"
AUTH, PRIVACY = "authenticate-me", "encrypt-me-too"
USERS = {
    "v3-sha512-aes256": ("SHA-512", "sha512", "AES-256", "aes256", "blumenthal"),
    "v3-sha384-aes192": ("SHA-384", "sha384", "AES-192", "aes192", "blumenthal"),
    "v3-sha256-aes128": ("SHA-256", "sha256", "AES", "aes128", "blumenthal"),
    "v3-sha224-aes128": ("SHA-224", "sha224", "AES", "aes128", "blumenthal"),
    "v3-sha-aes256": ("SHA", "sha", "AES-256", "aes256", "blumenthal"),
    "v3-sha-aes256-reeder": ("SHA", "sha", "AES256C", "aes256", "reeder"),
    "v3-md5-des": ("MD5", "md5", "DES", "des", "blumenthal"),
}


@pytest.fixture(scope="module")
def agent_port() -> Iterator[int]:
    lines = [
        f'createUser {user} {auth} "{AUTH}" {privacy} "{PRIVACY}"' for user, (auth, _, privacy, _, _) in USERS.items()
    ]
    lines += [f"rouser {user} priv" for user in USERS]
    lines += [f'createUser v3-auth SHA-256 "{AUTH}"', "rouser v3-auth auth"]
    with snmpd("\n".join(lines)) as port:
        yield port


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNITY", "public")
    monkeypatch.setenv("AUTH", AUTH)
    monkeypatch.setenv("PRIVACY", PRIVACY)
    monkeypatch.setenv("WRONG", "not-the-password")
    monkeypatch.setenv("SHORT", "1234567")


def v2c(port: int, **more: Any) -> SnmpSettings:
    data = {
        "host": "127.0.0.1",
        "port": port,
        "community": {"env": "COMMUNITY"},
        "request_timeout_seconds": 0.2,
        **more,
    }
    return SnmpSettings.model_validate(data)


def v3(port: int, user: str, *, auth: str = "AUTH", privacy: str = "PRIVACY") -> SnmpSettings:
    _, auth_protocol, _, privacy_protocol, extension = USERS[user]
    return SnmpSettings.model_validate(
        {
            "host": "127.0.0.1", "port": port, "version": "3", "user": user, "request_timeout_seconds": 0.5,
            "auth": {"protocol": auth_protocol, "password": {"env": auth}},
            "privacy": {"protocol": privacy_protocol, "password": {"env": privacy}, "key_extension": extension},
        }
    )  # fmt: skip


async def get(settings: SnmpSettings, *oids: str) -> dict[str, Any]:
    async with connect(settings) as snmp:
        return await snmp.get(oids)


async def column(settings: SnmpSettings, max_rows: int = 1000) -> dict[str, Any]:
    async with connect(settings) as snmp:
        return await snmp.column(COLUMN, max_rows)


# A real agent.


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_v2c(agent_port: int, host: str) -> None:
    async with connect(v2c(agent_port, host=host)) as snmp:
        assert await snmp.get([OBJECT_ID, "1.3.6.1.2.1.1.99.0"]) == {OBJECT_ID: NET_SNMP_LINUX}
        assert await snmp.get(["1.3.6.1.2.1.1.98.0", "1.3.6.1.2.1.1.99.0"]) == {}
        indexes = await snmp.column("1.3.6.1.2.1.2.2.1.1")
        columns = await snmp.columns(["1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.99", "1.3.6.1.2.1.2.2.1.3"])
    assert list(indexes) == [str(value) for value in indexes.values()]
    assert b"lo" in columns["1.3.6.1.2.1.2.2.1.2"].values()
    assert columns["1.3.6.1.2.1.2.2.1.99"] == {}
    assert list(columns["1.3.6.1.2.1.2.2.1.3"]) == list(indexes)


@pytest.mark.parametrize("user", USERS)
async def test_v3(agent_port: int, user: str) -> None:
    async with connect(v3(agent_port, user)) as snmp:
        assert await snmp.get([OBJECT_ID]) == {OBJECT_ID: NET_SNMP_LINUX}
        assert b"lo" in (await snmp.column("1.3.6.1.2.1.2.2.1.2")).values()


async def test_v3_without_privacy(agent_port: int) -> None:
    auth = {"protocol": "sha256", "password": {"env": "AUTH"}}
    data = {"host": "127.0.0.1", "port": agent_port, "version": "3", "user": "v3-auth", "auth": auth}
    assert await get(SnmpSettings.model_validate(data), OBJECT_ID) == {OBJECT_ID: NET_SNMP_LINUX}


async def test_v3_goes_on_after_the_time_window(agent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connect(v3(agent_port, "v3-sha512-aes256")) as snmp:
        monkeypatch.setattr("agent.clients.snmp._REFRESH_SECONDS", 0.0)
        assert await snmp.get([OBJECT_ID]) == {OBJECT_ID: NET_SNMP_LINUX}


async def test_v3_wrong_password_is_refused(agent_port: int) -> None:
    with pytest.raises(Refused, match="rejected the credentials") as refusal:
        await get(v3(agent_port, "v3-sha512-aes256", auth="WRONG"), OBJECT_ID)
    assert "not-the-password" not in str(refusal.value)


async def test_v3_wrong_privacy_password_is_silence_that_says_so(agent_port: int) -> None:
    with pytest.raises(Silent, match="privacy password"):
        await get(v3(agent_port, "v3-sha512-aes256", privacy="WRONG"), OBJECT_ID)


async def test_v3_below_the_level_that_the_agent_asks_is_refused(agent_port: int) -> None:
    settings = v3(agent_port, "v3-sha512-aes256").model_copy(update={"privacy": None})
    with pytest.raises(Refused, match="rejected the credentials"):
        await get(settings, OBJECT_ID)


async def test_wrong_community_is_silence_that_does_not_show_it(
    agent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMUNITY", "hunter2")
    with pytest.raises(Silent, match=r"no answer \(wrong address, community or access list\?\)") as silence:
        await get(v2c(agent_port), OBJECT_ID)
    assert "hunter2" not in str(silence.value)


async def test_closed_port_is_refused() -> None:
    with pytest.raises(Refused, match="no SNMP agent listens"):
        await get(v2c(free_udp_port()), OBJECT_ID)


async def test_unknown_name_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="no-such-host"):
        await get(v2c(161, host="no-such-host.invalid"), OBJECT_ID)


async def test_missing_secret_is_refused_by_name(agent_port: int, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="environment variable NOWHERE is not set"):
        await get(v2c(agent_port, community={"env": "NOWHERE"}), OBJECT_ID)
    with pytest.raises(Refused, match=re.escape(str(tmp_path / "community"))):
        await get(v2c(agent_port, community={"file": str(tmp_path / "community")}), OBJECT_ID)


async def test_short_password_is_refused_before_it_is_used(agent_port: int) -> None:
    with pytest.raises(Refused, match="SHORT has fewer than 8"):
        await get(v3(agent_port, "v3-sha512-aes256", auth="SHORT"), OBJECT_ID)


# gufo-snmp's faults, and agents that lie.


def test_the_release_is_the_one_whose_insides_are_known() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert f"gufo-snmp=={_gufo.RELEASE}" in project["project"]["dependencies"]
    assert version("gufo-snmp") == _gufo.RELEASE


async def answered(answer: Answer, ask: str = "column", **more: Any) -> dict[str, Any]:
    async with peer(answer) as agent:
        return await (column(v2c(agent.port, **more)) if ask == "column" else get(v2c(agent.port, **more), OBJECT_ID))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(bytes.fromhex("7f41"), id="two-octets"),
        pytest.param(bytes.fromhex("30ff0201"), id="length-beyond-the-end"),
        pytest.param(bytes.fromhex("30b2430201018406"), id="inner-length-beyond-the-end"),
    ],
)
async def test_an_answer_that_makes_gufo_panic_ends_the_session_as_malformed(answer: bytes) -> None:
    async with peer(lambda request: answer) as agent, connect(v2c(agent.port)) as snmp:
        with pytest.raises(Malformed, match="broke the decoder"):
            await snmp.get([OBJECT_ID])
        with pytest.raises(Malformed, match="session was given up"):
            await snmp.get([OBJECT_ID])
        assert len(agent.requests) == 1


@pytest.mark.parametrize("ask", ["column", "get"])
@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda answer: answer[:-3], id="truncated"),
        pytest.param(lambda answer: answer + b"\x00", id="more-behind"),
        pytest.param(lambda answer: b"HTTP/1.1 400 Bad Request\r\n\r\n", id="another-protocol"),
        pytest.param(lambda answer: b"\x00", id="one-octet"),
    ],
)
async def test_mangled_answers_are_malformed(ask: str, mangle: Any) -> None:
    def answer(request: bytes) -> bytes:
        return bytes(mangle(response(request, [(f"{COLUMN}.1", integer(5))])))

    with pytest.raises(Malformed):
        await answered(answer, ask)


async def test_a_mangled_answer_is_not_quoted() -> None:
    def answer(request: bytes) -> bytes:
        return response(request, [(OBJECT_ID, tlv(0x4F, b"public"))])

    with pytest.raises(Malformed) as fault:
        await answered(answer, "get")
    assert "70, 75, 62" not in str(fault.value)
    assert "public" not in str(fault.value)


@given(at=st.integers(0, 60), octet=st.integers(0, 255), cut=st.integers(0, 60))
def test_no_mangled_answer_is_anything_but_an_answer_or_a_probe_error(at: int, octet: int, cut: int) -> None:
    def answer(request: bytes) -> bytes:
        whole = bytearray(response(request, [(f"{COLUMN}.1", integer(5)), (NEXT, octets(b"x"))]))
        whole[at % len(whole)] = octet
        return bytes(whole[: len(whole) - cut % 3])

    async def ask() -> None:
        async with peer(answer) as agent:
            try:
                await column(v2c(agent.port, request_timeout_seconds=0.02, retries=0))
            except (Malformed, Silent, Refused):
                return

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("indexes", "after"),
    [
        pytest.param(("1", "1"), "1 after 1", id="same-again"),
        pytest.param(("5", "3"), "3 after 5", id="backwards"),
        pytest.param(("2.10", "2.9"), "2.9 after 2.10", id="backwards-in-the-second-arc"),
        pytest.param(("2", "1.9"), "1.9 after 2", id="backwards-to-a-longer-index"),
    ],
)
async def test_a_walk_that_does_not_advance_is_malformed(indexes: tuple[str, ...], after: str) -> None:
    def answer(request: bytes) -> bytes:
        return response(request, [(f"{COLUMN}.{index}", integer(1)) for index in indexes])

    with pytest.raises(Malformed, match=f"does not advance in {re.escape(COLUMN)}: {re.escape(after)}"):
        await answered(answer)


async def test_a_walk_that_starts_again_is_malformed() -> None:
    def answer(request: bytes) -> bytes:
        return response(request, [(f"{COLUMN}.{index}", integer(1)) for index in (1, 2, 3)])

    with pytest.raises(Malformed, match="1 after 3"):
        await answered(answer)


def endless() -> Answer:
    """A column that has one more row each time."""
    rows = iter(range(1, 1_000_000))
    return lambda request: response(request, [(f"{COLUMN}.{next(rows)}", integer(1))])


async def test_a_column_without_end_is_bounded_in_rows() -> None:
    with pytest.raises(Malformed, match="more than 1000 rows"):
        await answered(endless())


async def test_a_column_without_end_ends_with_the_outer_deadline() -> None:
    async with peer(endless()) as agent, connect(v2c(agent.port)) as snmp:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await snmp.column(COLUMN, 1_000_000)


async def test_two_requests_at_once_wait_for_each_other() -> None:
    waiting: list[bytes] = []

    def answer(request: bytes) -> bytes:
        waiting.append(request)
        names = [name for name in (OBJECT_ID, UP_TIME) if asks(request, name)]
        return response(request, [(name, integer(len(waiting))) for name in names])

    async with peer(answer) as agent, connect(v2c(agent.port)) as snmp:
        first, second = await asyncio.gather(snmp.get([OBJECT_ID]), snmp.get([UP_TIME]))
    assert (first, second) == ({OBJECT_ID: 1}, {UP_TIME: 2})
    assert len(waiting) == 2


async def test_an_answer_to_something_else_is_malformed() -> None:
    with pytest.raises(Malformed, match=f"{re.escape(NEXT)}, which was not asked for"):
        await answered(lambda request: response(request, [(NEXT, integer(1))]), "get")


async def test_counter_types_are_lost_so_widths_are_not_guessed() -> None:
    def answer(request: bytes) -> bytes:
        values = [integer(7, 0x41), integer(7, 0x42), integer(7, 0x46), integer(2**64 - 1, 0x46)]
        return response(
            request, [(f"{COLUMN}.{row}", value) for row, value in enumerate(values)] + [(NEXT, integer(1))]
        )

    assert list((await answered(answer)).values()) == [7, 7, 7, 2**64 - 1]


@pytest.mark.parametrize("rows", [0, 2])
async def test_an_error_in_the_middle_of_a_column_is_not_its_end(rows: int) -> None:
    def answer(request: bytes) -> bytes:
        if asks(request, f"{COLUMN}.4294967295"):
            return response(request, [(NEXT, integer(1))])
        if rows and not asks(request, f"{COLUMN}.{rows}"):
            return response(request, [(f"{COLUMN}.{row + 1}", integer(1)) for row in range(rows)])
        return response(request, [], GEN_ERR)

    with pytest.raises(Malformed, match=f"broke off {re.escape(COLUMN)} with an error after {rows} rows"):
        await answered(answer)


async def test_the_end_of_all_objects_is_the_end_of_a_column() -> None:
    def answer(request: bytes) -> bytes:
        if asks(request, COLUMN):
            return response(request, [(f"{COLUMN}.1", integer(1)), (f"{COLUMN}.1", END_OF_MIB)])
        return response(request, [(COLUMN, END_OF_MIB)])

    assert await answered(answer) == {"1": 1}


async def test_one_object_that_errs_does_not_hide_the_others() -> None:
    wanted = [f"1.3.6.1.2.1.2.2.1.5.{row}" for row in range(1, 9)]

    def answer(request: bytes) -> bytes:
        if asks(request, wanted[3]):
            return response(request, [], GEN_ERR)
        return response(request, [(name, integer(1)) for name in [*wanted, UP_TIME] if asks(request, name)])

    async with peer(answer) as agent:
        assert list(await get(v2c(agent.port), *wanted)) == [*wanted[:3], *wanted[4:]]


async def test_an_answer_too_big_for_the_agent_is_asked_for_in_parts() -> None:
    wanted = [f"1.3.6.1.2.1.2.2.1.5.{row}" for row in range(1, 41)]

    def answer(request: bytes) -> bytes:
        names = [name for name in [*wanted, UP_TIME] if asks(request, name)]
        return response(request, [], TOO_BIG) if len(names) > 6 else response(request, [(n, integer(1)) for n in names])

    async with peer(answer) as agent:
        assert list(await get(v2c(agent.port), *wanted)) == wanted


async def test_objects_that_do_not_exist_are_absent_and_asked_for_once_more_only() -> None:
    def answer(request: bytes) -> bytes:
        binds = [(name, NO_SUCH_INSTANCE) for name in (OBJECT_ID, NEXT) if asks(request, name)]
        return response(request, binds + ([(UP_TIME, integer(1, 0x43))] if asks(request, UP_TIME) else []))

    async with peer(answer) as agent:
        assert await get(v2c(agent.port), OBJECT_ID, NEXT) == {}
        assert len(agent.requests) == 2


async def test_an_agent_that_denies_access_is_refused() -> None:
    with pytest.raises(Refused):
        await answered(lambda request: response(request, [], AUTHORIZATION_ERROR), "get")


async def test_a_lost_answer_is_asked_for_again() -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes | None:
        seen.append(request)
        return None if len(seen) == 1 else response(request, [(OBJECT_ID, integer(1))])

    assert await answered(answer, "get") == {OBJECT_ID: 1}
    assert len(seen) == 2


async def test_silence_takes_the_time_of_all_attempts_and_no_more() -> None:
    start = asyncio.get_running_loop().time()
    with pytest.raises(Silent):
        await answered(lambda request: None, "get", request_timeout_seconds=0.1, retries=2)
    assert 0.3 <= asyncio.get_running_loop().time() - start < 1


async def test_answers_to_other_requests_do_not_prolong_the_wait() -> None:
    def answer(request: bytes) -> bytes:
        return response(request, [(OBJECT_ID, integer(1))], community=b"other")

    with pytest.raises(Silent):
        await answered(answer, "get", request_timeout_seconds=0.1, retries=0)


async def test_a_small_table_is_not_asked_for_more_rows_than_it_has() -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        assert is_bulk(request)
        asked.append(request)
        base = COLUMN if asks(request, COLUMN) else "1.3.6.1.2.1.2.2.1.16"
        return response(
            request, [(f"{base}.{row}", integer(1)) for row in (1, 2)] + [("1.3.6.1.2.1.2.2.1.99.1", integer(1))]
        )

    async with peer(answer) as agent, connect(v2c(agent.port)) as snmp:
        await snmp.columns([COLUMN, "1.3.6.1.2.1.2.2.1.16"])
    repetitions = [re.search(rb"\x02\x01\x00\x02\x01(.)0", request, re.DOTALL) for request in asked]
    assert [found[1][0] for found in repetitions if found] == [25, 3]


@pytest.mark.parametrize(("until", "requests"), [("25", 1), ("26", 2), ("24", 1), ("25.1", 2), (None, 2)])
async def test_what_lies_beyond_the_last_index_is_not_asked_for(until: str | None, requests: int) -> None:
    asked = 0

    def answer(request: bytes) -> bytes:
        nonlocal asked
        asked += 1
        first = 1 if asked == 1 else 26
        return response(request, [(f"{COLUMN}.{row}", integer(row)) for row in range(first, first + 25)][: 51 - first])

    async with peer(answer) as agent, connect(v2c(agent.port)) as snmp:
        with suppress(Malformed):  # the peer has no end, which only matters to who asks for it
            found = await snmp.columns([COLUMN], until=until)
            assert list(found[COLUMN])[:25] == [str(row) for row in range(1, 26)]
    assert asked >= requests if until is None else asked == requests


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"plain", "plain"),
        ("教学楼".encode(), "教学楼"),
        ("教学楼".encode()[:-1], "教学"),
        ("教学楼".encode("gb18030"), "教学楼"),
        ("W_CMDA_11号(2)".encode("gb18030"), "W_CMDA_11号(2)"),
        (b"ends\x00\x00", "ends"),
        (b"\xff\xfe\xff", "\ufffd\ufffd\ufffd"),
        (17, "17"),
    ],
)
def test_text(value: Any, shown: str) -> None:
    assert text(value) == shown


@given(st.binary(max_size=64))
def test_any_octets_are_some_text(value: bytes) -> None:
    assert "\0" not in text(value)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({}, "needs a community"),
        ({"community": {"env": "C"}, "user": "u"}, "belong to v3"),
        ({"version": "3"}, "needs a user"),
        ({"version": "3", "user": "u", "community": {"env": "C"}}, "belongs to v2c"),
        ({"version": "3", "user": "u", "privacy": {"protocol": "des", "password": {"env": "P"}}}, "needs auth"),
        ({"community": "public"}, "a secret is not written here"),
    ],
)
def test_settings_that_do_not_fit_together(data: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        SnmpSettings.model_validate({"host": "192.0.2.1", **data})
