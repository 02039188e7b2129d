"""`python -m tests.acceptance [--certificates N] [--plants N] [--near N] [--seed S] [--differing N]`: three years, one table."""

import argparse
import sys

from tests.acceptance.honest import DIFFERING
from tests.acceptance.run import Outcome, play

CERTIFICATES, PLANTS, NEAR = 20_000, 10, 40


def main(argv: list[str] | None = None) -> int:
    """Runs it; 0 when everything holds that the acceptance asks for, else 1 with what does not."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance", description=__doc__)
    parser.add_argument("--certificates", type=int, default=CERTIFICATES, help="of honest trade")
    parser.add_argument("--plants", type=int, default=PLANTS, help="planted cases of each rule and refusal")
    parser.add_argument("--near", type=int, default=NEAR, help="near misses of each")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn")
    parser.add_argument("--differing", type=int, default=DIFFERING, help="honest answers in a thousand that weigh otherwise")
    given = parser.parse_args(argv)
    outcome = play(given.certificates, given.plants, given.near, seed=given.seed, differing=given.differing)
    print("\n".join(table(outcome)))
    failures = outcome.failures()
    for failure in failures:
        print(f"FAILED {failure}")
    return 1 if failures else 0


def table(outcome: Outcome) -> list[str]:
    """The score and the figures, line by line."""
    lines = [f"{'rule':20}{'planted':>9}{'found':>7}{'near':>6}{'found':>7}{'honest':>8}{'found':>7}{'false':>7}"]
    for row in outcome.rows:
        counts = (
            f"{row.planted:9}{row.found:7}{row.near:6}{row.near_found:7}{row.honest:8}{row.honest_found:7}{len(row.false):7}"
        )
        lines.append(f"{row.rule:20}{counts}  {' '.join(row.false[:3])}".rstrip())
    lines += ["", f"{'refusal':28}{'planted':>9}{'refused':>9}{'near':>6}"]
    verdicts = outcome.verdicts
    for code in sorted(verdicts.planted):
        lines.append(f"{code:28}{verdicts.planted[code]:9}{verdicts.refused[code]:9}{verdicts.near[code]:6}")
    hundred = 100_000 / outcome.certificates
    signed = outcome.again + outcome.records * outcome.signature
    again = "the same" if outcome.same else "DIFFERENT"
    score = f"recall {outcome.recall:.2f} %; {outcome.false:.2f} false in 1,000 clean certificates; recomputed: {again}"
    pace = (
        f"100,000 certificates again in {hundred * outcome.again:.0f} s, with signatures {hundred * signed:.0f} s, of one core"
    )
    lines += ["", f"{outcome.certificates} certificates, {outcome.records} records; {score}"]
    return [*lines, f"{1_000 * outcome.apply / outcome.records:.3f} ms a record with all findings; {pace}"]


if __name__ == "__main__":
    sys.exit(main())
