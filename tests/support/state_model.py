"""A model of the ledger's certificates and balances, written from the table of kinds (2-records.md), not from the code.

It knows numbers, parties, states and carats. Each method takes what a record says and gives the code of its refusal, or None and
the model has changed. LR takes part, and neither issues nor confirms on the ledger.
"""

from dataclasses import dataclass

CODES = ("BW", "AE", "EU")
ABSENT = "LR"
MOST_RECORDS = 50
OUTCOMES = ("confirmed", "discrepancy", "refused")
ARRIVED = ("confirmed", "discrepancy")


@dataclass
class Certificate:
    destination: str
    points: int
    sources: list
    state: str = "open"
    measured: int = 0
    claimed: int = 0
    records: int = 1
    paper: bool = False
    mailed: bool = False
    beside: int = 0


class Model:
    def __init__(self):
        self.held, self.technicals, self.sums = {}, set(), {}
        self.opening, self.mined, self.passages = {}, {}, {}

    # --- certificates

    def issue(self, number, destination, points, sources):
        if number in self.held or number in self.technicals:
            return "number-used"
        refused = self.stated(number, destination, points, sources, {})
        if refused is None:
            self.claim(sources, 1)
            self.open(number, Certificate(destination, points, sources))
            self.add(number[:2], "export", points)
        return refused

    def open(self, number, certificate):
        self.held[number] = certificate
        certificate.beside = self.passages.pop(number, 0)

    def stated(self, number, destination, points, sources, own):
        if destination == number[:2]:
            return "destination-is-issuer"
        seen = []
        for source, taken in sources:
            if source in seen:
                return "source-repeated"
            seen.append(source)
            if source == number:
                return "source-is-self"
            if source not in self.held:
                return "source-unknown"
            found = self.held[source]
            if found.destination != number[:2] or found.state not in ARRIVED:
                return "source-not-confirmed-here"
            if found.claimed - own.get(source, 0) + taken > found.measured:
                return "carats-exceed-source"
        return "sources-exceed-certificate" if sum(taken for _, taken in sources) > points else None

    def claim(self, sources, sign):
        for source, taken in sources:
            self.held[source].claimed += sign * taken

    def amend(self, number, destination, points, sources):
        if number not in self.held:
            return "certificate-unknown"
        found = self.held[number]
        if found.state != "open":
            return "certificate-closed"
        if found.records >= MOST_RECORDS:
            return "too-many"
        refused = self.stated(number, destination, points, sources, dict(found.sources))
        if refused is None:
            self.claim(found.sources, -1)
            self.claim(sources, 1)
            self.add(number[:2], "export", found.points, -1)
            self.add(number[:2], "export", points)
            found.destination, found.points, found.sources = destination, points, sources
            found.records += 1
        return refused

    def close(self, number, author, reason):
        refused = self.own(number, author, ("open", "refused"))
        if refused is None:
            found = self.held[number]
            found.state = {"returned-unused": "returned", "replaced-by": "replaced"}.get(reason, reason)
            found.records += 1
            if reason not in ("lost", "stolen"):
                self.claim(found.sources, -1)
                self.add(author, "export", found.points, -1)
                found.sources = []
        return refused

    def own(self, number, author, states):
        if number not in self.held:
            return "certificate-unknown"
        if author != number[:2]:
            return "not-issuer"
        return None if self.held[number].state in states else "certificate-closed"

    # --- outcomes

    def confirm(self, number, author, points, outcome):
        return self.judge(number, author, points, outcome, ("open",), "certificate-closed")

    def correct(self, number, author, points, outcome):
        return self.judge(number, author, points, outcome, OUTCOMES, "no-outcome")

    def judge(self, number, author, points, outcome, states, otherwise):
        if number not in self.held:
            return "certificate-unknown"
        found = self.held[number]
        if author != found.destination:
            return "wrong-destination"
        if found.state not in states or found.mailed:
            return otherwise
        if author == ABSENT:
            return "destination-not-in-force"
        if outcome == "confirmed" and points != found.points:
            return "confirmed-but-differs"
        if found.paper:
            return "receipt-code"
        if found.records >= MOST_RECORDS and found.state != "open":
            return "too-many"
        left = 0 if outcome == "refused" else points
        if left < found.claimed:
            return "corrected-below-claimed"
        if found.state in ARRIVED:
            self.add(author, "import", found.measured, -1)
        found.state, found.measured = outcome, left
        found.records += 1
        if outcome != "refused":
            self.add(author, "import", points)
        return None

    # --- on paper, and beside

    def paper(self, number, author, points):
        if number in self.held or number in self.technicals:
            return "number-used"
        if author == number[:2]:
            return "destination-is-issuer"
        if number[:2] != ABSENT:
            return "paper-not-needed"
        self.open(number, Certificate(author, points, [], "confirmed", points, paper=True))
        self.add(author, "import", points)
        return None

    def mail(self, number, author, points, outcome):
        refused = self.own(number, author, ("open",))
        if refused is not None:
            return refused
        found = self.held[number]
        if found.destination != ABSENT:
            return "paper-not-needed"
        if outcome == "confirmed" and points != found.points:
            return "confirmed-but-differs"
        found.state, found.measured, found.mailed = outcome, 0 if outcome == "refused" else points, True
        found.records += 1
        return None

    def technical(self, number, destination, reason, link):
        if number in self.held or number in self.technicals:
            return "number-used"
        if destination == number[:2]:
            return "destination-is-issuer"
        if not link and reason in ("returned", "seized"):
            return "link-missing"
        if link and link not in self.held:
            return "certificate-unknown"
        if link and number[:2] not in (link[:2], self.held[link].destination):
            return "not-party"
        self.technicals.add(number)
        if link:
            self.held[link].beside += 1
        return None

    def transit(self, number, author):
        if number in self.held:
            self.held[number].beside += 1
        else:
            self.passages[number] = self.passages.get(number, 0) + 1

    # --- balances

    def stock(self, author, points):
        if author in self.opening:
            return "stock-declared"
        self.opening[author] = points
        return None

    def mine(self, author, half, points, revision):
        if revision != self.mined.get((author, half), (0, 0))[0] + 1:
            return "revision-not-next"
        self.mined[author, half] = revision, points
        return None

    def add(self, participant, flow, points, sign=1):
        held = self.sums.pop((participant, flow), (0, 0))
        after = (held[0] + sign * points, held[1] + sign)
        if after != (0, 0):
            self.sums[participant, flow] = after

    def left(self, code):
        """What is in stock, negative when more was sent than there was."""
        mined = sum(points for (author, _), (_, points) in self.mined.items() if author == code)
        flows = [self.sums.get((code, flow), (0, 0))[0] for flow in ("import", "export")]
        return self.opening.get(code, 0) + mined + flows[0] - flows[1]
