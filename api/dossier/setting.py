"""Sets a dossier: tagged PDF/A-3a and PDF/UA-1, A4, the receipts attached as files.

Fonts are those inside the printing library, on every machine the same; no clock is read. Imports nothing but that library, so
that a process that only sets one starts at once.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

_TEMPLATE: Final = Path(__file__).with_name("dossier.typ")


def set_pdf(data: Mapping[str, Any]) -> bytes:
    """The PDF of what `api.dossier.contents` has written; its date is the ledger's time at which it was read.

    Raises:
        typst.TypstError: it cannot be set.
    """
    return typst.compile(
        _TEMPLATE,
        format="pdf",
        root=_TEMPLATE.parent,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=datetime.fromtimestamp(data["time"] // 1_000, UTC),
    )
