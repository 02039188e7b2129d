"""`python -m api.dossier LANGUAGE`: sources as JSON on standard input, the PDF on standard output; what a node starts."""

import sys

import msgspec

from api.dossier.document import make_pdf
from api.dossier.sources import Sources

if __name__ == "__main__":
    sys.stdout.buffer.write(make_pdf(msgspec.json.decode(sys.stdin.buffer.read(), type=Sources), sys.argv[1]))
