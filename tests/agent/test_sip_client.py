"""SIP questions and answers, against kamailio, SIPp and peers that break the protocol."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clients import sip
from agent.clients.digest import Login
from agent.clients.sip_message import MAX_HEAD_BYTES, Question, read_datagram, read_head
from agent.clients.tcp import PortClosed
from agent.errors import Malformed, ProbeError, Silent, Unreachable
from tests.peers.free import free_port, free_udp_port
from tests.peers.sip import (
    AUTHENTICATING,
    PASSWORD,
    ROUTE,
    USER,
    Reply,
    kamailio,
    register,
    tcp_peer,
    terminal,
    udp_peer,
)
from tests.peers.sip import (
    answer_to as made,
)

QUICK = 0.2


@asynccontextmanager
async def peer(transport: sip.Transport, reply: Reply) -> AsyncIterator[sip.UserAgent]:
    async with (
        (udp_peer if transport == "udp" else tcp_peer)(reply) as port,
        sip.connect("127.0.0.1", port, transport) as agent,
    ):
        yield agent


def changed_answer(request: bytes, headers: dict[str, str], status: str = "200 OK") -> bytes:
    return made(request, status, b"", **headers)


both = pytest.mark.parametrize("transport", ["udp", "tcp"])


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with kamailio() as port, terminal() as phone:
        register(port, "1001", phone)
        yield port


@both
async def test_kamailio_and_what_is_behind_it(server: int, transport: sip.Transport) -> None:
    async with sip.connect("127.0.0.1", server, transport) as agent:
        itself = await agent.ask("OPTIONS", wait=2)
        there = await agent.ask("OPTIONS", "1001", wait=2)
        not_there = await agent.ask("OPTIONS", "1002", wait=2)
        at_the_proxy = await agent.ask("OPTIONS", "1001", wait=2, max_forwards=0)
    assert [str(itself), str(there), str(not_there)] == ["200 OK", "200 OK", "404 Not Found"]
    assert at_the_proxy.status == 483
    assert 0 < there.seconds < 2


@both
async def test_asking_for_bindings_changes_none(server: int, transport: sip.Transport) -> None:
    async with sip.connect("127.0.0.1", server, transport) as agent:
        for _ in range(2):
            assert [(await agent.ask("REGISTER", user, wait=2)).bindings for user in ("1001", "1002")] == [1, 0]


@both
async def test_many_questions_at_once_find_their_answers(server: int, transport: sip.Transport) -> None:
    async with sip.connect("127.0.0.1", server, transport) as agent:
        asked = [agent.ask("OPTIONS", user, wait=5) for user in ("1001", "1002") * 30]
        assert [answer.status for answer in await asyncio.gather(*asked)] == [200, 404] * 30


@both
async def test_a_challenge_is_answered_once(transport: sip.Transport) -> None:
    with kamailio(AUTHENTICATING + ROUTE) as port:
        async with sip.connect("127.0.0.1", port, transport) as agent:
            without = await agent.ask("OPTIONS", wait=2)
            right = await agent.ask("OPTIONS", wait=2, login=Login(USER, PASSWORD))
            wrong = await agent.ask("OPTIONS", wait=2, login=Login(USER, "x"))
    assert [without.status, right.status, wrong.status] == [401, 200, 401]


async def test_sipp_over_tcp() -> None:
    with terminal("486 Busy Here", "tcp") as port:
        async with sip.connect("127.0.0.1", port, "tcp") as agent:
            answer = await agent.ask("OPTIONS", wait=2)
    assert (str(answer), answer.is_success) == ("486 Busy Here", False)


@pytest.mark.parametrize(
    "changed",
    [
        {"Via": "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKother"},
        {"Via": ""},
        {"Call_ID": "other"},
        {"CSeq": "2 OPTIONS"},
        {"CSeq": "1 REGISTER"},
        {"From": "<sip:a@b>;tag=other"},
    ],
    ids=str,
)
@both
async def test_an_answer_to_somebody_else_is_none(transport: sip.Transport, changed: dict[str, str]) -> None:
    async with peer(transport, lambda request: [changed_answer(request, changed, "503 No"), made(request)]) as agent:
        assert (await agent.ask("OPTIONS", wait=2)).status == 200
    async with peer(transport, lambda request: [changed_answer(request, changed)]) as agent:
        with pytest.raises(Silent):
            await agent.ask("OPTIONS", wait=QUICK)


@both
async def test_content_length_is_honoured(transport: sip.Transport) -> None:
    def two_with_bodies(request: bytes) -> list[bytes]:
        body = b"SIP/2.0 503 Not an answer\r\n\r\n"
        return [made(request, "503 No", body=body, Call_ID="other"), made(request, body=body)]

    async with peer(transport, two_with_bodies) as agent:
        assert (await agent.ask("OPTIONS", wait=2)).status == 200


async def test_a_message_may_come_in_pieces() -> None:
    def reply(request: bytes) -> list[bytes]:
        whole = b"\r\n\r\n" + made(request, "100 Trying") + made(request, body=b"v=0")
        return [whole[at : at + 37] for at in range(0, len(whole), 37)]

    async with peer("tcp", reply) as agent:
        assert (await agent.ask("OPTIONS", wait=5)).status == 200


@both
async def test_a_provisional_answer_proves_that_it_is_alive(transport: sip.Transport) -> None:
    async with peer(transport, lambda request: [made(request, "183 Session Progress")]) as agent:
        answer = await agent.ask("OPTIONS", wait=QUICK)
    assert (answer.status, answer.is_success) == (183, False)


async def test_a_lost_question_is_asked_again() -> None:
    asked: list[bytes] = []

    def second(request: bytes) -> list[bytes]:
        asked.append(request)
        return [made(request)] if len(asked) == 2 else []

    async with peer("udp", second) as agent:
        answer = await agent.ask("OPTIONS", wait=5)
    assert answer.status == 200
    assert asked[0] == asked[1]
    assert sip.T1 <= answer.seconds < 2


async def test_only_questions_are_sent() -> None:
    asked: list[str] = []

    def noting(request: bytes) -> list[bytes]:
        asked.append(request.decode())
        return [made(request)]

    async with peer("udp", noting) as agent:
        await agent.ask("OPTIONS", "1001", domain="school.example", wait=2)
        await agent.ask("REGISTER", "1001", wait=2)
    assert asked[0].startswith("OPTIONS sip:1001@school.example SIP/2.0\r\n")
    assert asked[1].startswith("REGISTER sip:127.0.0.1 SIP/2.0\r\n")
    assert "Contact" not in asked[1]
    assert "Expires" not in asked[1]


async def test_ipv6() -> None:
    asked: list[str] = []

    def noting(request: bytes) -> list[bytes]:
        asked.append(request.decode())
        return [made(request)]

    async with udp_peer(noting, "::1") as port, sip.connect("::1", port) as agent:
        assert (await agent.ask("OPTIONS", "1001", wait=2)).status == 200
    assert asked[0].startswith("OPTIONS sip:1001@[::1] SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:")


@both
async def test_silent(transport: sip.Transport) -> None:
    async with peer(transport, lambda _: []) as agent:
        with pytest.raises(Silent):
            await agent.ask("OPTIONS", wait=QUICK)


async def test_closed_ports() -> None:
    with pytest.raises(PortClosed):
        async with sip.connect("127.0.0.1", free_udp_port()) as agent:
            await agent.ask("OPTIONS", wait=2)
    with pytest.raises(PortClosed):
        async with sip.connect("127.0.0.1", free_port(), "tcp"):
            pass


@both
async def test_no_such_name(transport: sip.Transport) -> None:
    with pytest.raises(Unreachable):
        async with sip.connect("sip.invalid", 5060, transport):
            pass


GARBAGE = [
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    b"220 mail.example ESMTP\r\n",
    b"\x16\x03\x01\x02\x00\x01",
    b"SIP/2.0 999 Beyond\r\n\r\n",
    b"SIP/2.0 200 OK\r\nno colon here\r\n\r\n",
    b"SIP/2.0 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    b"SIP/2.0 200 OK\r\nSubject: " + b"x" * 40_000,
    b"SIP/2.0 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"SIP/2.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    b"SIP/2.0 200 OK\r\nl: 1\r\nContent-Length: 2\r\n\r\nab",
]


@pytest.mark.parametrize("raw", GARBAGE, ids=range(len(GARBAGE)))
@both
async def test_garbage(transport: sip.Transport, raw: bytes) -> None:
    async with peer(transport, lambda _: [raw]) as agent:
        with pytest.raises(Malformed):
            await agent.ask("OPTIONS", wait=QUICK)


async def test_garbage_before_the_answer_does_no_harm_over_udp() -> None:
    async with peer("udp", lambda request: [b"\xff\xfe", made(request)]) as agent:
        assert (await agent.ask("OPTIONS", wait=2)).status == 200


async def test_a_stream_needs_a_length_and_a_datagram_does_not() -> None:
    async with peer("udp", lambda request: [made(request, Content_Length="")]) as agent:
        assert (await agent.ask("OPTIONS", wait=2)).status == 200
    async with peer("tcp", lambda request: [made(request, Content_Length="")]) as agent:
        with pytest.raises(Malformed, match="Content-Length"):
            await agent.ask("OPTIONS", wait=2)


async def test_a_datagram_that_is_cut_short() -> None:
    async with peer("udp", lambda request: [made(request, Content_Length="500")]) as agent:
        with pytest.raises(Malformed):
            await agent.ask("OPTIONS", wait=QUICK)


async def test_a_peer_that_hangs_up() -> None:
    async with tcp_peer(lambda _: [], hangs_up=True) as port, sip.connect("127.0.0.1", port, "tcp") as agent:
        with pytest.raises(Malformed, match="closed the connection"):
            await agent.ask("OPTIONS", wait=2)
        with pytest.raises(Malformed):  # at once, and for every question after that
            await agent.ask("OPTIONS", wait=2)


async def test_a_flood_of_other_messages_ends() -> None:
    async with peer("tcp", lambda request: [made(request, Call_ID="other") * (sip.MAX_STRAY + 1)]) as agent:
        with pytest.raises(Malformed, match="answers no question"):
            await agent.ask("OPTIONS", wait=20)


def test_short_names_and_folded_lines() -> None:
    message = read_head(
        b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\nm: <sip:a@b>\r\n ;expires=5\r\nL: 3\r\n"
    )
    assert message.first("via").endswith("z9hG4bK1")
    assert message.first("contact") == "<sip:a@b> ;expires=5"
    assert message.body_length == 3


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        ("", 0),
        ("Contact: <sip:a@b>;expires=60", 1),
        ("Contact: <sip:a@b>;expires=0", 0),
        ('Contact: "x, y" <sip:a@b,c>;expires=60, <sip:d@e>;q=0.5;expires="0", sip:f@g', 2),
        ("Contact: <sip:a@b;expires=0>\r\nContact: <sip:c@d>", 2),
        ("Contact: <sip:a@b>\r\nExpires: 0", 0),
    ],
)
def test_bindings(headers: str, count: int) -> None:
    assert read_datagram(f"SIP/2.0 200 OK\r\n{headers}\r\n\r\n".encode()).bindings == count


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest_without_quality_of_protection(algorithm: str) -> None:
    """Reckoned here by the formula of RFC 2617, 3.2.2.1; with it kamailio reckons above."""
    question = Question("OPTIONS", "sip:a", "sip:a", "b", "c", "t")
    message = read_head(
        f'SIP/2.0 401 No\r\nWWW-Authenticate: Digest realm="r, s", nonce="n", algorithm={algorithm}'.encode()
    )
    header = sip._answer_to(message, question, Login("u", "p"))

    def hashed(text: str) -> str:
        return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()

    assert header is not None
    assert header[0] == "Authorization"
    assert re.findall(r'response="(\w+)"', header[1]) == [hashed(f"{hashed('u:r, s:p')}:n:{hashed('OPTIONS:sip:a')}")]


@pytest.mark.parametrize(
    "challenge",
    ['Basic realm="r"', 'Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=MD4', 'Digest nonce="n", qop="x"'],
)
def test_a_challenge_that_cannot_be_answered_stands(challenge: str) -> None:
    question = Question("OPTIONS", "sip:a", "sip:a", "b", "c", "t")
    message = read_head(f"SIP/2.0 407 No\r\nProxy-Authenticate: {challenge}".encode())
    assert sip._answer_to(message, question, Login("u", "p")) is None


@given(st.binary(max_size=MAX_HEAD_BYTES))
def test_no_datagram_breaks_the_reader(raw: bytes) -> None:
    for datagram in (raw, b"SIP/2.0 200 OK\r\n" + raw, b"SIP/2.0 200 OK\r\nContact: " + raw + b"\r\n\r\n"):
        try:
            message = read_datagram(datagram)
            assert message.bindings >= 0
        except ProbeError:
            pass
