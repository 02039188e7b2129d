"""Receipts checked by the page's own module in Chromium: it says what `ledger.receipt` says, of good ones and of tampered ones."""

import random
import re
from base64 import b64decode, b64encode

import pytest

from ledger.errors import ProofError
from ledger.note import SignatureType, Signer
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from tests.support.browser import browse, need_chromium

WORDS = re.compile(r"(?<!^)(?=[A-Z])")

CHECK = """async (cases) => {
  const {verifyReceipt, ReceiptError} = await import("/static/receipt.js");
  const said = [];
  for (const [receipt, policy] of cases) {
    try {
      const found = await verifyReceipt(receipt, policy);
      said.push(["holds", found.id, String(found.index), found.root, String(found.size), found.witnesses.join(" "), String(found.newest)]);
    } catch (error) {
      if (!(error instanceof ReceiptError)) throw error;
      said.push([error.kind]);
    }
  }
  return said;
}"""


@pytest.fixture(autouse=True)
def chromium():
    need_chromium()


def by_ledger(receipt, policy):
    """What `ledger.receipt` says, in the words of the module."""
    try:
        verdict = verify_receipt(receipt, parse_policy(policy.encode()))
    except ProofError as error:
        return [WORDS.sub("-", type(error).__name__.removesuffix("Error")).lower()]
    found = [verdict.record_id.hex(), str(verdict.index), verdict.root.hex(), str(verdict.size)]
    return ["holds", *found, " ".join(verdict.witnesses), str(verdict.newest)]


def flipped(line, at):
    data = bytearray(b64decode(line))
    data[at] ^= 1
    return b64encode(bytes(data)).decode()


def tampered(receipt, policy):
    """(what, receipt, policy, kind): one rule broken each time."""
    lines = receipt.split("\n")
    extra, index, path = lines[1].removeprefix("extra "), lines[2], lines[3 : lines.index("")]
    note = lines[lines.index("") + 1 :]
    log, *witnesses = [at for at, line in enumerate(lines) if line.startswith("\N{EM DASH} ")]

    def with_line(at, *new):
        return "\n".join([*lines[:at], *new, *lines[at + 1 :]])

    def signature(at, place):
        dash, name, value = lines[at].split(" ")
        return with_line(at, f"{dash} {name} {flipped(value, place)}")

    size, root = lines.index(note[1]), lines.index(note[2])
    names = re.findall(r"^witness (\S+)", policy, re.MULTILINE)
    return [
        ("a byte of the record", with_line(1, "extra " + flipped(extra, 40)), policy, "root-mismatch"),
        ("no record", with_line(1), policy, "record-missing"),
        ("an empty record", with_line(1, "extra "), policy, "malformed-proof"),
        ("another place", with_line(2, "index " + str(int(index.split()[1]) ^ 1)), policy, "root-mismatch"),
        ("a place behind the end", with_line(2, "index 99999999"), policy, "out-of-range"),
        ("the largest place", with_line(2, f"index {2**63 - 1}"), policy, "out-of-range"),
        ("a place beyond any", with_line(2, f"index {2**63}"), policy, "malformed-proof"),
        ("a leading zero", with_line(2, "index 0" + index.split()[1]), policy, "malformed-proof"),
        ("a hash too few", with_line(3), policy, "proof-length"),
        ("a hash too many", with_line(3, path[0], path[0]), policy, "proof-length"),
        ("a byte of a hash", with_line(3, flipped(path[0], 5)), policy, "root-mismatch"),
        ("hashes exchanged", receipt.replace(f"{path[0]}\n{path[1]}", f"{path[1]}\n{path[0]}"), policy, "root-mismatch"),
        ("a short hash", with_line(3, b64encode(b64decode(path[0])[:31]).decode()), policy, "malformed-proof"),
        ("base64 in another form", with_line(3, path[0].rstrip("=")), policy, "malformed-proof"),
        ("another header", with_line(0, "c2sp.org/tlog-proof@v2"), policy, "malformed-proof"),
        ("nothing", "", policy, "malformed-proof"),
        ("line ends of Windows", receipt.replace("\n", "\r\n"), policy, "malformed-proof"),
        ("another size", with_line(size, str(int(lines[size]) + 1)), policy, "bad-signature"),
        ("another root", with_line(root, flipped(lines[root], 0)), policy, "bad-signature"),
        (
            "another origin",
            receipt.replace(note[0] + "\n" + note[1], "evil.example/log\n" + note[1]),
            policy,
            "origin-mismatch",
        ),
        ("a line before the note ends", receipt[:-1], policy, "malformed-note"),
        (
            "a control character in the note",
            receipt.replace(note[0] + "\n" + note[1], note[0] + "\x01\n" + note[1]),
            policy,
            "malformed-note",
        ),
        ("the log's line gone", with_line(log), policy, "log-signature-missing"),
        ("the log's signature", signature(log, 20), policy, "bad-signature"),
        ("one cosignature gone", with_line(witnesses[0]), policy, "quorum-not-met"),
        ("a cosignature", signature(witnesses[1], 30), policy, "bad-signature"),
        ("a cosignature's time", signature(witnesses[1], 11), policy, "bad-signature"),
        ("a cosignature's key id", signature(witnesses[1], 0), policy, "quorum-not-met"),
        ("a cosignature twice for one gone", with_line(witnesses[0], lines[witnesses[1]]), policy, "quorum-not-met"),
        ("all cosignatures gone", "\n".join(lines[: log + 1]) + "\n", policy, "quorum-not-met"),
        ("a policy that asks for all", receipt, re.sub(r"group (\S+) \d+", r"group \1 all", policy), "quorum-not-met"),
        ("a policy of another log", receipt, re.sub(r"^log \S+", foreign_log(), policy), "origin-mismatch"),
        ("a policy without a quorum", receipt, re.sub(r"quorum .*\n", "", policy), "malformed-policy"),
        ("a policy with two", receipt, policy + policy.splitlines()[-1] + "\n", "malformed-policy"),
        ("a policy cut off", receipt, policy[:-1], "malformed-policy"),
        (
            "a policy with a key twice",
            receipt,
            policy.replace("group", repeated_witness(policy) + "group", 1),
            "malformed-policy",
        ),
        ("a policy that names nobody", receipt, policy.replace(f" {names[-1]}\n", " ZZ/witness\n"), "malformed-policy"),
        (
            "a policy with a wrong key id",
            receipt,
            re.sub(r"\+([0-9a-f]{8})\+", lambda m: "+" + m[1][::-1] + "+", policy, count=1),
            "malformed-policy",
        ),
        ("an empty policy", receipt, "", "malformed-policy"),
    ]


def foreign_log():
    return f"log {Signer.from_seed('evil.example/log', SignatureType.ED25519, bytes(32)).key}"


def repeated_witness(policy):
    line = re.search(r"^witness \S+ (\S+).*\n", policy, re.MULTILINE)
    return f"witness again {line[1]}\n"


def test_it_says_what_the_ledger_says_of_every_record(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/reading/sign-in")
            receipts = [port.receipt(port.ledger.certificate(row.number).records[0]) for row in port.ledger.certificates().rows]
            cases = [[receipt, port.policy()] for receipt in receipts]
            said = await page.evaluate(CHECK, cases)
            assert said == [by_ledger(*case) for case in cases]
            assert {verdict[0] for verdict in said} == {"holds"}
            one.check_quiet()

    browse(tmp_path, story)


def test_every_kind_of_tampering_is_refused_for_its_reason(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/reading/sign-in")
            receipt, policy = port.receipt(port.ledger.certificate("RU0000001").records[0]), port.policy()
            table = tampered(receipt, policy)
            said = await page.evaluate(CHECK, [[text, rules] for _, text, rules, _ in table])
            for (what, text, rules, kind), verdict in zip(table, said, strict=True):
                assert verdict == [kind], what
                python = by_ledger(text, rules)
                assert python == [kind], what
            one.check_quiet()

    browse(tmp_path, story)


def test_spoilt_bytes_are_judged_as_the_ledger_judges_them(tmp_path):
    async def story(visit, port, number):
        drawn = random.Random(7)
        receipt, policy = port.receipt(port.ledger.certificate("EU0000001").records[0]), port.policy()
        cases = []
        for _ in range(400):
            text = list(receipt)
            for _ in range(drawn.choice((1, 1, 1, 3))):
                at = drawn.randrange(len(text))
                match drawn.randrange(3):
                    case 0:
                        text[at] = chr(drawn.choice((10, 32, 43, 48, 65, 97, 0x2014, drawn.randrange(32, 127))))
                    case 1:
                        text.insert(at, text[drawn.randrange(len(text))])
                    case 2:
                        del text[at]
            cases.append(["".join(text), policy])
        async with visit() as one:
            page = await one.open("/reading/sign-in")
            said = await page.evaluate(CHECK, cases)
            for case, verdict in zip(cases, said, strict=True):
                assert verdict == by_ledger(*case), case[0]
            assert sum(verdict[0] != "holds" for verdict in said) > 380
            one.check_quiet()

    browse(tmp_path, story)


READ = """async ([receipt, policy, ledger]) => {
  const {verifyReceipt} = await import("/static/receipt.js");
  const {readRecord, decode} = await import("/static/record.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const {record} = await verifyReceipt(receipt, policy);
  const read = await readRecord(record, bytes(ledger)), elsewhere = await readRecord(record, new Uint8Array(32));
  const cut = [];
  for (let length = 0; length < record.length; length++) {
    try { decode(record.slice(0, length)); cut.push(length); } catch { /* refused */ }
  }
  const endless = [];
  for (const spoilt of ["ddffffffff", "dfffffffff", "c6ffffffff00", "c1", "ca00000000", "8101", "82a161c0a161c0", "91".repeat(20) + "c0"]) {
    try { decode(bytes(spoilt)); endless.push(spoilt); } catch { /* refused */ }
  }
  return {...read, at: String(read.at), elsewhere: elsewhere.signed, cut, endless};
}"""


def test_it_reads_what_the_author_signed(tmp_path):
    async def story(visit, port, number):
        async with visit() as one:
            page = await one.open("/reading/sign-in")
            found = port.ledger.certificate("CD0000001")
            receipt = port.receipt(found.records[0])
            read = await page.evaluate(READ, [receipt, port.policy(), port.ledger.ledger_id.hex()])
            assert (read["kind"], read["author"], read["signed"], read["elsewhere"]) == ("certificate.issue", "CD", True, False)
            assert (read["cut"], read["endless"]) == ([], [])
            assert {name: read["fields"][name] for name in ("number", "destination", "carats", "parcels", "line-1")} == {
                "number": "CD0000001", "destination": "AE", "carats": "355675.90", "parcels": "1", "line-1": "710221 355400.40",
            }  # fmt: skip
            one.check_quiet()

    browse(tmp_path, story)
