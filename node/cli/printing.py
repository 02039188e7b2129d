"""The printable certificate: certificate print."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from node.cli.options import GenesisOption, UrlOption, read_genesis
from node.cli.output import say
from node.files import write_atomic
from node.paper.contents import find_receipt, read_contents
from node.paper.document import make_pdf


def print_certificate(
    certificate: Annotated[str, Parameter(help="Its number, or the file of its receipt (NUMBER.tlog-proof).")],
    /,
    *,
    out: Annotated[Path, Parameter(help="The PDF to write.")],
    genesis: GenesisOption,
    folder: Annotated[Path, Parameter(help="Where `certificate issue` put receipt, draft and codes.")] = Path(),
    language: Annotated[str, Parameter(help="A language beside English: fr, es, pt, ru.")] = "en",
    authority: Annotated[str, Parameter(help="The issuing authority's name, where the genesis does not know its key.")] = "",
    url: UrlOption = "http://127.0.0.1:8600",
) -> None:
    """Print a certificate as a PDF (PDF/A, tagged): the face with a link, the proof on page 2, the receipt attached. Offline.

    `--url` is the address that the link on the face leads to: a node that the public reaches.
    """
    contents = read_contents(find_receipt(certificate, folder), read_genesis(genesis), url.rstrip("/"), authority)
    write_atomic(out, make_pdf(contents, language))
    say(f"printed: {out}")
    if contents.proof is None:
        say(f"{contents.body.number} has too many lines for a proof on paper; the receipt is attached to the file")
