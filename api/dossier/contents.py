"""What stands in a dossier, ready to be set: sources as words, dates and figures of a language, tables as rows of text.

Rules:
- of a chain the certificates nearest to the one asked for stand in the table, `MAX_DOSSIER_ROWS` in each direction, and how
  many more the chain has is said;
- receipts are those of the newest `MAX_DOSSIER_RECEIPTS` records of the certificate;
- texts that others wrote (zones, figures of findings) keep the letters that the printed fonts are known to have; any other
  stands as its number, so that no name can keep a dossier from being made.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from api.dossier.sources import Certificate, Chain, Finding, Inquiry, Link, Sources, Stated
from api.limits import MAX_DOSSIER_RECEIPTS, MAX_DOSSIER_ROWS
from api.pages.language import LANGUAGES, Language
from api.pages.names import Names
from api.strings.dossier import TEXTS
from ledger.checkpoint import parse_checkpoint
from ledger.entries import HS_CODES, CertificateState
from ledger.note import parse_note
from ledger.proof import parse_proof
from ledger.units import carats, parse_carats

Said = Callable[..., str]
Table = list[list[str]]

SET: Final = ((0x20, 0x7E), (0xA0, 0x17F), (0x400, 0x45F), (0x2010, 0x2026))
"""Characters that every dossier can hold: Latin, Cyrillic, dashes and quotation marks."""

_FEW: Final = 16
"""Digits of an id that name it in running text."""


def contents(sources: Sources, language: str) -> Mapping[str, Any]:
    """The data of the template."""
    told = LANGUAGES[language]
    return _Writer(sources, told, Names(sources.names, told)).data()


class _Writer:
    """Writes one dossier."""

    def __init__(self, sources: Sources, language: Language, names: Names) -> None:
        self._sources = sources
        self._found = sources.certificate
        self._language = language
        self._names = names
        self._words = TEXTS[language.code]

    def data(self) -> Mapping[str, Any]:
        row, custody = self._found.certificate, self._sources.custody
        return {
            "language": self._language.code,
            "time": self._sources.network.time,
            "words": {key: text for key, text in self._words.items() if key.startswith("d_")},
            "number": row.number,
            "title": self.said("d_title", number=row.number),
            "lede": self.said("from_to", issuer=self.name(row.issuer), destination=self.name(row.destination)),
            "state": self.said(f"state_{row.state}"),
            "as_of": self.said(
                "d_as_of", height=self.count(self._sources.network.height), time=self.moment(self._sources.network.time)
            ),
            "facts": self.facts(),
            "both": self.both(),
            "lines": self.lines(),
            "outcome": self.outcome(),
            "sources": self.taken(self.stated.sources if self.stated else []),
            "claims": self.taken(self._found.claims),
            "findings": [self.finding(one) for one in self._found.findings],
            "more_findings": self._found.more_findings,
            "inquiries": [self.inquiry(one) for one in self._sources.inquiries],
            "up": self.chain(custody.up),
            "down": self.chain(custody.down),
            "origins": self.origins(),
            "exact": custody.composition is not None and custody.composition.exact,
            "mixed": self.mixed(),
            "records": [
                [
                    str(at + 1),
                    self.said(f"kind_{one.kind}"),
                    self.name(one.author),
                    self.moment(one.at),
                    self.count(one.height),
                    one.id,
                ]
                for at, one in enumerate(self._sources.records)
            ],
            "rests": self.rests(),
            "receipts": self.receipts(),
        }

    # --- the parts

    @property
    def stated(self) -> Stated | None:
        """What was stated of the goods when they were sent."""
        return self._found.issue or self._found.paper

    def facts(self) -> Table:
        row, stated = self._found.certificate, self.stated
        told = [
            ("type", self.said(f"type_{row.type}")),
            ("issuer", self.name(row.issuer)),
            ("destination", self.name(row.destination)),
            ("issued", self.day(row.issued)),
            ("validated", self.day(stated.validated) if stated else ""),
            ("received", self.day(stated.received) if stated else ""),
            ("expires", self.day(row.expires) if self._found.issue else ""),
            ("parcels", self.count(row.parcels)),
            ("carats", self.weight(row.carats)),
        ]
        return [[self.said(key), text] for key, text in told if text]

    def both(self) -> Table:
        issued = _by_hs(self.stated.lines if self.stated else [])
        outcome = self._found.outcome
        measured = None if outcome is None else _by_hs(outcome.lines)
        rows: list[tuple[str, int, int | None]] = [
            (f"{self.said(f'hs_{hs}')} {hs}", issued[hs], None if measured is None else measured[hs])
            for hs in HS_CODES
            if issued[hs] or (measured or issued)[hs]
        ]
        row = self._found.certificate
        arrived_in_all = None if row.measured is None else parse_carats(row.measured)
        rows.append((self.said("total"), sum(issued.values()), arrived_in_all if measured is None else sum(measured.values())))
        without = (
            "no_outcome" if row.state == CertificateState.OPEN else "no_figures" if row.measured is None else "not_by_class"
        )
        return [
            [
                name,
                self.weight(carats(sent)),
                self.said(without) if arrived is None else self.weight(carats(arrived)),
                "" if arrived is None else self.weight(carats(arrived - sent)),
            ]
            for name, sent, arrived in rows
        ]

    def lines(self) -> Table:
        return [
            [
                f"{self.said(f'hs_{line.hs}')} {line.hs}",
                ", ".join(self._names.country(code) for code in line.origin) or self.said("mixed"),
                settable(line.zone or ""),
                self.weight(line.carats),
            ]
            for line in (self.stated.lines if self.stated else [])
        ]

    def outcome(self) -> Table:
        found = self._found.outcome
        if found is None:
            return []
        told = [
            ("outcome", self.said(f"state_{found.outcome}")),
            ("received", self.day(found.received)),
            ("parcels", self.count(found.parcels)),
            ("carats", self.weight(found.carats)),
            ("inspection", self.said(f"inspection_{found.inspection}")),
            ("seals", self.said(f"seals_{found.seals}")),
            ("receipt_code", self.said("code_given" if found.receipt_code else "code_missing")),
        ]
        return [[self.said(key), text] for key, text in told]

    def taken(self, rows: Sequence[Any]) -> Table:
        return [[one.number, self.weight(one.carats)] for one in rows[:MAX_DOSSIER_ROWS]]

    def finding(self, one: Finding) -> list[str]:
        figures = [
            self.said(
                "d_so_much",
                what=self.said(f"figure_{name}"),
                carats=self.weight(str(value)) if name.endswith("carats") else settable(str(value)),
            )
            for name, value in sorted(one.figures.items())
        ]
        said = self.said(f"rule_{one.rule}"), self.said(f"severity_{one.severity}"), self.said(f"status_{one.status}")
        return [settable(one.name), *said, self.count(one.first_seen), "; ".join(figures)]

    def inquiry(self, one: Inquiry) -> list[str]:
        overdue = f", {self.said('d_overdue')}" if one.overdue else ""
        state = self.said(f"d_inquiry_{one.state}") + overdue
        answers = ", ".join(answer[:_FEW] for answer in one.answers)
        return [
            one.id[:_FEW],
            settable(one.finding or ""),
            self.name(one.participant),
            state,
            self.day(one.opened),
            self.day(one.due),
            answers,
        ]

    def chain(self, chain: Chain | None) -> Mapping[str, Any]:
        links = [] if chain is None else chain.certificates[1:]
        shown = links[:MAX_DOSSIER_ROWS]
        numbers = {link.number for link in shown} | {self._found.certificate.number}
        takings = [one for one in (chain.takings if chain else ()) if one.source in numbers and one.number in numbers]
        left = len(links) - len(shown)
        return {
            "links": [self.link(link) for link in shown],
            "takings": [[one.source, one.number, self.weight(one.carats)] for one in takings[: 2 * MAX_DOSSIER_ROWS]],
            "left": self.said("d_left_out", count=self.count(left)) if left else "",
            "cut": self.said("beyond_text") if chain is not None and chain.cut else "",
        }

    def link(self, link: Link) -> list[str]:
        return [
            link.number,
            self.count(link.level),
            f"{link.issuer} \N{RIGHTWARDS ARROW} {link.destination}",
            self.said(f"state_{link.state}"),
            link.issued,
            self.weight(link.carats),
            "" if link.measured is None else self.weight(link.measured),
            self.weight(link.claimed),
            self.weight(link.beyond),
        ]

    def origins(self) -> Table:
        found = self._sources.custody.composition
        return [
            [
                self._names.country(one.country) + (f" · {settable(one.zone)}" if one.zone else ""),
                *(self.weight(text) for text in (one.lowest, one.pro_rata, one.highest, one.stated)),
            ]
            for one in (found.origins if found else [])
        ]

    def mixed(self) -> list[str]:
        found = self._sources.custody.composition
        told = []
        for one in found.mixed if found else []:
            countries = ", ".join(self._names.country(code) for code in one.countries)
            said = self.said("origins_mixed", countries=countries) if countries else self.said("origins_unknown")
            told.append(self.said("d_so_much", what=said, carats=self.weight(one.pro_rata)))
        return told

    def rests(self) -> Table:
        """Heights and checkpoint."""
        network = self._sources.network
        told = [
            ("d_log", network.origin),
            ("d_ledger", network.ledger_id),
            ("d_certificate_at", self.count(self._found.read_at_height)),
            ("d_custody_at", self.count(self._sources.custody.read_at_height)),
            ("d_inquiries_at", self.count(self._sources.inquiries_at)),
        ]
        for size, root, signers in _checkpoints(self._sources):
            told += [("d_size", self.count(size)), ("d_root", root), ("d_signers", settable(", ".join(signers)))]
        return [[self.said(key), text] for key, text in told]

    def receipts(self) -> list[Mapping[str, str]]:
        """What is attached."""
        number = self._found.certificate.number
        return [
            {
                "file": f"{number}-{at + 1}.tlog-proof",
                "text": self._sources.receipts[one.id],
                "says": self.said("d_receipt_of", kind=self.said(f"kind_{one.kind}"), id=one.id[:_FEW]),
            }
            for at, one in enumerate(self._sources.records)
            if one.id in self._sources.receipts
        ]

    # --- words and figures

    def said(self, key: str, **values: str) -> str:
        text = self._words.get(key) or settable(key.partition("_")[2] or key)  # a newer node may know more than this program
        return text.format(**values) if values else text

    def name(self, code: str) -> str:
        name = settable(self._names.of(code))
        return f"{name} ({code})" if name != code else code

    def count(self, number: int) -> str:
        return self._language.grouped(number)

    def weight(self, text: str) -> str:
        return self._language.decimal(text)

    def day(self, date: str) -> str:
        return self._language.day(date) if date else ""

    def moment(self, ms: int) -> str:
        return f"{self._language.moment(ms)} UTC"


def settable(text: str) -> str:
    """A text of others with the letters that can be set; any other as its number in Unicode."""
    return "".join(sign if any(a <= ord(sign) <= z for a, z in SET) else f"[U+{ord(sign):04X}]" for sign in text)


def attached(certificate: Certificate) -> list[str]:
    """Ids of the records whose receipts are attached."""
    return [one.id for one in certificate.records[-MAX_DOSSIER_RECEIPTS:]]


def _by_hs(lines: Sequence[Any]) -> dict[str, int]:
    sums = dict.fromkeys(HS_CODES, 0)
    for line in lines:
        sums[line.hs] += parse_carats(line.carats)
    return sums


def _checkpoints(sources: Sources) -> list[tuple[int, str, list[str]]]:
    """Size, root and signers of the checkpoints that the receipts are under, the smallest first."""
    found = {}
    for text in sources.receipts.values():
        note = parse_note(parse_proof(text.encode()).checkpoint)
        point = parse_checkpoint(note.text)
        found[point.size] = (point.size, point.root.hex(), sorted({signature.name for signature in note.signatures}))
    return [found[size] for size in sorted(found)]
