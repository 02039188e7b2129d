"""What whoever holds a printed certificate is told."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Carats, CertificateType, Code, Count, Date, Hash, LedgerAnswer, Number, Query
from ledger.entries import CertificateState


class CertificateVerdictAnswer(LedgerAnswer):
    """What has become of a certificate, for whoever holds its verdict code. Compare it with what is printed."""

    number: Number
    type: CertificateType
    issuer: Code
    destination: Code
    issued: Date
    expires: Date
    parcels: Count
    carats: Annotated[Carats, Field(description="As issued.")]
    state: CertificateState
    expired: Annotated[bool, Field(description="Whether it is open and past its expiry at the date of the newest block.")]
    record: Annotated[Hash, Field(description="Id of the newest of its issuer's and destination's records.")]


class CertificateVerdictQuery(Query):
    """The code on the certificate's face."""

    code: Annotated[str, Field(max_length=40, description="16 letters and digits, as printed.")]
