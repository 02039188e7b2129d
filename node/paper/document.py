"""A certificate as a PDF: tagged PDF/A-3a and PDF/UA-1, two QR codes, the whole receipt attached.

Rules:
- the file is a function of what it shows: its dates are the certificate's, no clock is read, nothing is fetched;
- fonts are those inside the printing library, on every machine the same; a character that they lack is refused, never left out;
- the proof QR stands at error correction M with modules of 0.4 mm, 64.4 mm at most; the link QR in modules of 0.6 mm.

Reference: KPCS core document, Annex I, A and B; design 5-log.md, "Paper"; ISO 19005-3, ISO 14289-1.
"""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno
import typst

from ledger.units import Points, carats, value
from node.errors import Exit, FatalError
from node.paper.contents import Contents
from node.paper.texts import ENGLISH, LANGUAGES

PROOF_MODULE_MM, LINK_MODULE_MM = 0.4, 0.6
FACE_LINES = 6
"""Lines that the face has room for beside all else; more stand on a page of their own."""

_TEMPLATE = Path(__file__).with_name("certificate.typ")


def make_pdf(contents: Contents, language: str = ENGLISH) -> bytes:
    """The PDF of a certificate in English and, beside it, a further language of `LANGUAGES`.

    Raises:
        FatalError: a language that is not there, or a character that no font has.
    """
    if language not in LANGUAGES:
        raise FatalError(
            f"There are no words for a certificate in {language!r}.",
            "Nothing was printed.",
            f"Choose one: --language {'|'.join(LANGUAGES)}",
            Exit.USAGE,
        )
    inputs = {
        "data": json.dumps(_data(contents, language)),
        "link": _svg(contents.link),
        "proof": _svg(contents.proof) if contents.proof is not None else "",
        "receipt": contents.receipt.decode(),
    }
    validated = datetime.fromisoformat(contents.body.validated).replace(tzinfo=UTC)
    try:
        return typst.compile(
            _TEMPLATE,
            format="pdf",
            root=_TEMPLATE.parent,
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=["a-3a", "ua-1"],
            timestamp=validated,
        )
    except typst.TypstError as error:
        raise FatalError(
            f"{contents.body.number} cannot be set: {error.message}.",
            "Nothing was printed.",
            "If a name has a character that the fonts lack, amend the certificate with the name as the licence writes it in "
            "Latin or Cyrillic letters.",
            Exit.BAD_DATA,
        ) from error


def code_width_mm(text: str, module_mm: float) -> float:
    """How wide the QR code of a text is printed, without its quiet zone."""
    return _code(text).symbol_size(border=0)[0] * module_mm


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", boost_error=False)


def _svg(text: str) -> str:
    out = io.BytesIO()
    _code(text).save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()


def _data(contents: Contents, language: str) -> Mapping[str, Any]:
    body = contents.body
    words = {key: [LANGUAGES[ENGLISH][key], LANGUAGES[language][key]] for key in LANGUAGES[ENGLISH]}
    return {
        "language": language,
        "words": words if language != ENGLISH else {key: pair[:1] for key, pair in words.items()},
        "number": body.number,
        "type": body.type,
        "issued": body.issued,
        "validated": body.validated,
        "expires": body.expires,
        "parcels": body.parcels,
        "issuer": contents.issuer,
        "destination": contents.destination,
        "authority": contents.authority,
        "exporter": contents.exporter,
        "importer": contents.importer,
        "origin": contents.origin,
        "lines": [
            {
                "hs": line.hs,
                "origin": " ".join(line.origin) + (f", {line.zone}" if line.zone else ""),
                "carats": carats(line.points),
                "value": value(line.cents),
            }
            for line in contents.lines
        ],
        "face": len(contents.lines) <= FACE_LINES,
        "carats": carats(Points(body.points)),
        "value": value(sum(line.cents for line in contents.lines)),
        "sources": [f"{source.number}: {carats(source.points)}" for source in body.sources],
        "link": contents.link,
        "link_mm": code_width_mm(contents.link, LINK_MODULE_MM),
        "proof_mm": code_width_mm(contents.proof, PROOF_MODULE_MM) if contents.proof is not None else 0,
        "code": contents.verdict_code,
        "record": contents.record_id.hex(),
    }
