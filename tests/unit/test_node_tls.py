"""`node.tls`: a handshake succeeds between pinned certificates alone; what cannot be used is told, not guessed at."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.errors import Exit, FatalError
from node.keys import write_secret
from node.tls import certificate_for, contexts, from_pem, make_certificate, to_pem


@dataclass(frozen=True, slots=True)
class Party:
    key: Path
    certificate: Path
    der: bytes

    @classmethod
    def make(cls, folder: Path, name: str, phrase: bytes | None = None) -> "Party":
        pem, der = make_certificate(name, phrase)
        key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
        write_secret(key, pem, None)
        certificate.write_text(to_pem(der), encoding="ascii")
        return cls(key, certificate, der)

    def contexts(self, *pinned: "Party", phrase: bytes | None = None) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        return contexts(self.key, self.certificate, phrase, [party.der for party in pinned])


def shake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[bytes | None, bytes | None]:
    """A handshake in memory; the certificate that each side sees of the other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    listening = server.wrap_bio(to_server, to_client, server_side=True)
    dialling = client.wrap_bio(to_client, to_server)
    for _ in range(6):
        for side in (dialling, listening):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    for side in (dialling, listening):
        try:
            side.read(1)  # in TLS 1.3 the dialling side is done before its certificate is judged
        except ssl.SSLWantReadError:
            continue
    return listening.getpeercert(binary_form=True), dialling.getpeercert(binary_form=True)


def test_pinned_parties_meet(tmp_path: Path) -> None:
    one, two = Party.make(tmp_path, "one"), Party.make(tmp_path, "two")
    server, _ = one.contexts(one, two)
    _, client = two.contexts(one, two)
    assert shake(server, client) == (two.der, one.der)


@pytest.mark.parametrize("stranger", ["server", "client"])
def test_a_stranger_is_refused_by_either_side(tmp_path: Path, stranger: str) -> None:
    one, two, other = (Party.make(tmp_path, name) for name in ("one", "two", "other"))
    server, client = one.contexts(one, two)[0], two.contexts(one, two)[1]
    if stranger == "server":
        server = other.contexts(one, two)[0]
    else:
        client = other.contexts(one, two)[1]
    with pytest.raises(ssl.SSLError):
        shake(server, client)


def test_a_client_without_a_certificate_is_refused(tmp_path: Path) -> None:
    one = Party.make(tmp_path, "one")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(ssl.SSLError):
        shake(one.contexts(one)[0], client)


def test_a_copy_of_the_certificate_without_its_key_is_of_no_use(tmp_path: Path) -> None:
    one, two = Party.make(tmp_path, "one"), Party.make(tmp_path, "two")
    with pytest.raises(FatalError) as caught:
        contexts(two.key, one.certificate, None, [one.der])
    assert caught.value.code is Exit.BAD_CONFIGURATION


@pytest.mark.parametrize("phrase", [None, b"wrong"])
def test_a_sealed_key_wants_its_phrase(tmp_path: Path, phrase: bytes | None) -> None:
    one = Party.make(tmp_path, "one", b"right")
    one.contexts(one, phrase=b"right")
    with pytest.raises(FatalError) as caught:
        one.contexts(one, phrase=phrase)
    assert str(caught.value).count("\n") == 2
    with pytest.raises(FatalError):
        certificate_for(one.key, phrase, "one", [])


def test_missing_files_are_told(tmp_path: Path) -> None:
    one = Party.make(tmp_path, "one")
    with pytest.raises(FatalError, match="cannot be read"):
        contexts(tmp_path / "none", one.certificate, None, [one.der])
    with pytest.raises(FatalError, match="cannot be used"):
        certificate_for(tmp_path / "none", None, "one", [])


def test_a_genesis_with_a_certificate_that_is_none(tmp_path: Path) -> None:
    one = Party.make(tmp_path, "one")
    with pytest.raises(FatalError, match="genesis pins") as caught:
        contexts(one.key, one.certificate, None, [one.der, b"\x30\x02BW"])
    assert caught.value.code is Exit.BAD_CONFIGURATION


def test_the_registered_certificate_of_a_key_is_found(tmp_path: Path) -> None:
    one, two = Party.make(tmp_path, "one"), Party.make(tmp_path, "two")
    assert certificate_for(one.key, None, "one", [b"\x30\x02BW", two.der, one.der]) == one.der
    made = certificate_for(one.key, None, "one", [two.der])
    assert made not in {one.der, two.der}
    (tmp_path / "made.crt").write_text(to_pem(made), encoding="ascii")
    contexts(one.key, tmp_path / "made.crt", None, [made])


def test_pem_both_ways(tmp_path: Path) -> None:
    one = Party.make(tmp_path, "one")
    assert from_pem(to_pem(one.der)) == one.der
    for text in ("", "-----BEGIN CERTIFICATE-----", "x" * 100):
        with pytest.raises(ValueError, match=r".+"):
            from_pem(text)
