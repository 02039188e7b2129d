"""A small, fixed piece of world trade for the page tests: producers, hubs, discrepancies, a refusal, parcels under way."""

from tests.support.port import NOW, LocalPort
from tests.support.trade import Trader

PAIRS = (
    ("RU", "AE", "412000.25", 3), ("BW", "EU", "268100.00", 2), ("CD", "AE", "355400.40", 4), ("AO", "AE", "141250.75", 2),
    ("ZA", "EU", "98400.10", 2), ("CA", "EU", "187300.00", 2), ("ZW", "AE", "88200.05", 2), ("NA", "BW", "41770.30", 1),
    ("LS", "EU", "12040.55", 1), ("SL", "EU", "9120.05", 2), ("TZ", "EU", "4410.90", 1), ("AU", "CN", "2210.00", 1),
    ("GN", "AE", "6118.42", 1), ("BR", "US", "1402.77", 1), ("GH", "IN", "905.11", 1), ("LR", "IL", "377.40", 1),
    ("GY", "CA", "288.10", 1), ("CM", "AE", "64.02", 1), ("CG", "EU", "12.50", 1),
)  # fmt: skip
HUBS = (("EU", "IN", "210400.00"), ("AE", "IN", "389000.50"), ("EU", "IL", "44100.35"), ("AE", "EU", "120300.00"))
HS = {"CD": ("710221", "710210"), "AO": ("710231", "710210"), "ZW": ("710221", "710231")}


async def trade(port: LocalPort) -> None:
    """Submits it all; the same every time."""
    trader = Trader(port.network, NOW)
    numbers: dict[str, int] = {}

    def number(code: str) -> str:
        numbers[code] = numbers.get(code, 260_000 if code == "SL" else 0) + 1
        return f"{code}{numbers[code]:07}" if code != "SL" else f"{code}{269_999 + numbers[code] - 260_000:07}"

    for at, (issuer, destination, carats, count) in enumerate(PAIRS):
        main, second = HS.get(issuer, ("710231", "710221"))
        for n in range(count):
            lines = [(main, carats, [issuer]), (second, f"{at * 137 + n + 1}.5", [issuer])]
            made = trader.issue(number(issuer), destination, lines, parcels=1 + n)
            await port.submit(made.raw, wait=False)
            if (at + n) % 7 == 3:
                continue
            if (at + n) % 11 == 5:
                answer = trader.confirm(made, outcome="discrepancy", lines=[(main, carats)], parcels=1)
            elif (at + n) % 13 == 6:
                answer = trader.confirm(made, outcome="refused", lines=[], parcels=0)
            else:
                answer = trader.confirm(made)
            await port.submit(answer.raw, wait=False)
    for issuer, destination, carats in HUBS:
        made = trader.issue(number(issuer), destination, [("710231", carats, [])], kind="re-export")
        await port.submit(made.raw, wait=False)
        if destination != "EU":
            await port.submit(trader.confirm(made).raw, wait=False)
