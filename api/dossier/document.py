"""The PDF of a dossier: tagged PDF/A-3a and PDF/UA-1, A4, the receipts attached as files.

Fonts are those inside the printing library, on every machine the same. Its date is the ledger's time at which it was read.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typst

from api.dossier.contents import contents
from api.dossier.sources import Sources

_TEMPLATE: Final = Path(__file__).with_name("dossier.typ")


def make_pdf(sources: Sources, language: str) -> bytes:
    """The dossier in a language of `api.pages.language.LANGUAGES`; raises RuntimeError when it cannot be set."""
    data = contents(sources, language)
    when = datetime.fromtimestamp(sources.network.time // 1_000, UTC)
    return typst.compile(
        _TEMPLATE,
        format="pdf",
        root=_TEMPLATE.parent,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=when,
    )
