"""api/reference.py: the guides that are tables of the code say what the code says, and leave nothing out."""

from api.errors import ApiCode
from api.reference import FOLDER, documents
from ledger.errors import Code
from ledger.findings import RULES


def test_the_guides_are_up_to_date():
    for name, text in documents().items():
        assert (FOLDER / name).read_text() == text, f"{name} is not what the code says: python -m api.reference writes it anew"


def test_every_code_and_every_rule_stands_in_them_once():
    errors, findings = documents()["errors.md"], documents()["findings.md"]
    for code in (*Code, *ApiCode):
        assert errors.count(f"| `{code}` |") == 1, code
    for rule in RULES:
        assert findings.count(f"| `{rule}` |") == 1, rule
