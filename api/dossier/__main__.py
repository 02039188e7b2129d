"""`python -m api.dossier`: contents as JSON on standard input, the PDF on standard output; what a node starts for each one."""

import json
import sys

from api.dossier.setting import set_pdf

if __name__ == "__main__":
    sys.stdout.buffer.write(set_pdf(json.load(sys.stdin.buffer)))
