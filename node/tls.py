"""TLS 1.3 between nodes: both sides show a self-signed certificate, and only those pinned on the ledger are accepted.

The certificates carry no meaning but their key: names, issuers and dates are not looked at, the ledger says whose it is.
"""

import contextlib
import datetime as dt
import ssl
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from node.errors import Exit, FatalError
from node.keys import require_private


def make_certificate(name: str, phrase: bytes | None) -> tuple[bytes, bytes]:
    """A new P-256 key (PEM, sealed under `phrase` if any) and its self-signed certificate (DER)."""
    key = ec.generate_private_key(ec.SECP256R1())
    sealing = serialization.BestAvailableEncryption(phrase) if phrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing)
    return pem, _self_signed(key, name)


def certificate_for(key_file: Path, phrase: bytes | None, name: str, registered: Iterable[bytes]) -> bytes:
    """A certificate (DER) for a key that is there: the one of `registered` that is this key's, else a new one.

    Raises:
        FatalError: the key cannot be used.
    """
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), phrase)
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(f"The TLS key {key_file} cannot be used: {error}.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _unusable(f"The TLS key {key_file} is of another kind than this program makes.")
    own = _public_bytes(key.public_key())
    for der in registered:
        with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm):
            if _public_bytes(x509.load_der_x509_certificate(der).public_key()) == own:
                return der
    return _self_signed(key, name)


def _public_bytes(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _self_signed(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """It never expires: the ledger retires it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def _unusable(happened: str) -> FatalError:
    return FatalError(
        happened,
        "Other nodes would not know this one.",
        "Restore key and certificate from where your office keeps them, or let the ledger be told of new ones.",
        Exit.BAD_CONFIGURATION,
    )


def to_pem(der: bytes) -> str:
    """A DER certificate as PEM text."""
    return ssl.DER_cert_to_PEM_cert(der)


def contexts(
    key_file: Path, certificate_file: Path, phrase: bytes | None, pinned: Iterable[bytes]
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts for the listening and the dialling side; both accept the pinned DER certificates and no others.

    Raises:
        FatalError: key or certificate cannot be used, or a pinned certificate is none.
    """
    require_private(key_file)
    roots = "".join(to_pem(der) for der in pinned)
    made = []
    for protocol in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT):
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cadata=roots)
        except ssl.SSLError as error:
            raise FatalError(
                f"The genesis pins a TLS certificate that is none: {error}.",
                "The node that it stands for could never be reached.",
                "Get the genesis again from whoever convened the ledger.",
                Exit.BAD_CONFIGURATION,
            ) from error
        try:
            context.load_cert_chain(certificate_file, key_file, password=phrase or b"")
        except (ssl.SSLError, OSError) as error:
            raise _unusable(f"The TLS key {key_file} or certificate {certificate_file} cannot be used: {error}.") from error
        made.append(context)
    return made[0], made[1]


def pin(context: ssl.SSLContext, certificate: bytes) -> bool:
    """Lets a context accept a DER certificate, too; false where it is none, whatever the ledger took it for.

    Its participant has registered what nobody can show: that keeps nobody out but its own node, and must stop no other.
    """
    try:
        context.load_verify_locations(cadata=to_pem(certificate))
    except ssl.SSLError:
        return False
    return True


def from_pem(text: str) -> bytes:
    """The DER of a PEM certificate.

    Raises:
        ValueError: it is none.
    """
    return ssl.PEM_cert_to_DER_cert(text)
