"""Digest and Basic authentication: the RFC's own figures, and challenges as devices write them."""

import pytest

from agent.clients.digest import Authorization, Login
from agent.clients.failures import AuthenticationFailed
from agent.errors import Malformed

MUFASA = Login("Mufasa", "Circle of Life")
RFC7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_figures_of_rfc_7616(monkeypatch: pytest.MonkeyPatch, algorithm: str, response: str) -> None:
    """Section 3.9.1."""
    monkeypatch.setattr(
        "agent.clients.digest.secrets.token_hex", lambda size: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    authorization = Authorization(MUFASA)
    authorization.challenged([RFC7616.format(algorithm)])
    header = authorization.header("GET", "/dir/index.html")["Authorization"]
    assert f'response="{response}"' in header
    assert "nc=00000001, " in header
    assert "nc=00000002, " in authorization.header("GET", "/dir/index.html")["Authorization"]


def test_figure_of_rfc_2069_without_qop() -> None:
    """RFC 2069 section 2.4, with the response of its erratum 749."""
    authorization = Authorization(Login("Mufasa", "CircleOfLife"))
    authorization.challenged(
        ['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c4"']
    )
    header = authorization.header("GET", "/dir/index.html")["Authorization"]
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in header
    assert "qop" not in header
    assert "cnonce" not in header


MD5 = 'Digest realm="a, b=\\"c\\"", nonce="1"'
SHA = 'digest REALM=x,nonce=2,algorithm=sha-256,qop="auth"'


@pytest.mark.parametrize(
    ("headers", "used"),
    [
        pytest.param([MD5], 'nonce="1"', id="one"),
        pytest.param([MD5, SHA], 'nonce="2"', id="the-stronger"),
        pytest.param(['Basic realm="x"', MD5], 'nonce="1"', id="basic-first"),
        pytest.param([f'Basic realm="Digest", {MD5}, {SHA}'], 'nonce="2"', id="all-in-one-header"),
        pytest.param(['Digest realm="x", nonce="3", algorithm=SHA-512-256', MD5], 'nonce="1"', id="unknown-algorithm"),
        pytest.param(['Digest realm="x", nonce="3", qop="auth-int"', MD5], 'nonce="1"', id="auth-int-only"),
        pytest.param(['Digest realm="x\rX-Evil: y", nonce="3"', MD5], 'nonce="1"', id="line-break-in-realm"),
    ],
)
def test_choice_of_challenge(headers: list[str], used: str) -> None:
    authorization = Authorization(MUFASA)
    authorization.challenged(headers)
    header = authorization.header("GET", "/")["Authorization"]
    assert header.startswith("Digest ")
    assert used in header
    assert header.isprintable()


def test_a_quoted_realm_is_given_back_as_it_was() -> None:
    authorization = Authorization(MUFASA)
    authorization.challenged([MD5])
    assert 'realm="a, b=\\"c\\""' in authorization.header("GET", "/")["Authorization"]


@pytest.mark.parametrize(
    "headers", [[], ["Negotiate"], ["Digest"], ['Digest realm="x"'], ["Digest nonce=", "=,=" * 2000]]
)
def test_nothing_to_answer(headers: list[str]) -> None:
    with pytest.raises(Malformed):
        Authorization(MUFASA).challenged(headers)


def test_basic_is_a_choice_of_the_school() -> None:
    with pytest.raises(AuthenticationFailed, match="in clear"):
        Authorization(MUFASA).challenged(['Basic realm="x"'])
    willing = Authorization(Login("Mufasa", "Circle of Life", allow_basic=True))
    willing.challenged(['Basic realm="x"'])
    assert willing.header("GET", "/") == {"Authorization": "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"}


def test_nobody_to_sign_as() -> None:
    nobody = Authorization(None)
    assert nobody.header("GET", "/") == {}
    with pytest.raises(AuthenticationFailed, match="none is set"):
        nobody.challenged([MD5])


def test_the_password_is_not_shown() -> None:
    assert "Circle" not in repr(MUFASA)
