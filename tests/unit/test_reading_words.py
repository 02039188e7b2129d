"""Everything that a signed-in page may name has its words: figures of findings, states, kinds of records, rules."""

import ast
from pathlib import Path

import ledger.findings
from api.strings.reading.words import ENGLISH
from ledger.bodies import KINDS
from ledger.entries import CertificateState
from ledger.findings import RULES, Severity, Status


def figures():
    """Names of figures in the rules' source: what `book.find` and `book.clear` are given, by name or as a table called so."""
    for file in Path(ledger.findings.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"find", "clear"}:
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name) and target.id == "figures":
                    for part in ast.walk(node.value):
                        if isinstance(part, ast.Dict):
                            yield from (key.value for key in part.keys if isinstance(key, ast.Constant))
                        if isinstance(part, ast.Tuple):
                            yield from (one.value for one in part.elts if isinstance(one, ast.Constant))


def test_every_figure_of_a_finding_has_its_words():
    names = {f"{name.removesuffix('points')}carats" if name.endswith("points") else name for name in figures()}
    assert len(names) > 30
    assert {f"figure_{name}" for name in names} - ENGLISH.keys() == set()


def test_every_state_kind_and_rule_has_its_words():
    wanted = {f"state_{state.value}" for state in CertificateState} | {f"kind_{kind}" for kind in KINDS}
    wanted |= {f"rule_{rule}" for rule in RULES} | {f"severity_{one.value}" for one in Severity}
    wanted |= {f"status_{one.value}" for one in Status}
    assert wanted - ENGLISH.keys() == set()
