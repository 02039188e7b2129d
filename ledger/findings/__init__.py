"""Findings: what in the records does not add up, found by every node alike as the records come in (7-audit.md).

| file | what |
|---|---|
| `entries` | a finding, and what rules keep from record to record |
| `book` | findings, notes and agenda of one block: read through, written with the block |
| `change` | what a record made of a certificate: before, after |
| `engine` | one block: what the day brings, then each accepted record |
| `lists`, `views` | where findings are listed; the pages that are read |
| `thresholds` | which parameters each rule asks for |
| `timing` | late-issue, unconfirmed, post-verification |
| `outcomes` | discrepancy, discrepancy-drift, no-receipt-code, quick-transit, never-a-discrepancy |
| `numbers` | number-gap, number-range |
| `pace` | splitting, rush |
| `goods` | circular-custody, origin-balance |
| `exposure` | origin-exposure |
| `stocks` | negative-stock |
| `pairs` | bilateral-gap |
| `taint` | tainted |
| `returns` | return-late, return-mismatch, period-change |
| `conduct` | sealed-fault, equivocation |

How it works:

1. A finding follows from the log and the state alone: no clock, no sealed data, nothing that a node knows for itself. It is
   named by its rule and what it is about (`unconfirmed/BW0000001`), and is found once: `first_seen` is the block in which it
   was found first, `height` the one in which it became as it stands. When its cause goes it is resolved, not forgotten; when
   the cause comes again, the same finding is open again.
2. `Ledger.apply` asks `due` once a block, before its records, and `observe` after the effect of each accepted record. What
   waits for a day to come stands on an agenda by that day. A block looks at so many things of the agenda at most; what is left
   waits for the next block. No rule looks at more than a bounded number of entries for a record, however large the ledger is.
3. Nearly all kinds of records change a certificate. The engine states the change as before and after (`Change`), so that a
   rule which adds up takes the one off and puts the other on, whichever kind it was: a new kind needs no new rule.
4. Thresholds are parameters of the Plenary with a history; what counts is the value of the block's day.
5. All of it stands beside the state under its own prefix (`ledger.keys`), and is written in the block's one batch. Rules of
   records do not read it, and the state digest does not cover it.

A rule whose meaning changes gets a higher version in `entries.RULES`: findings say by which they were found. Rules read
certificates as they stand on the ledger; carats measured are what destinations said. Reference: 7-audit.md.
"""

from ledger.findings.book import Memory
from ledger.findings.engine import Findings
from ledger.findings.entries import RULES, Finding, Severity, Status

__all__ = ["RULES", "Finding", "Findings", "Memory", "Severity", "Status"]
