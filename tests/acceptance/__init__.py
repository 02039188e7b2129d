"""Three years of generated world trade with planted cases and near misses, against the real ledger (7-audit.md, "Accept").

| file | what |
|---|---|
| `members` | who takes part: the real participants with keys of this test |
| `stage` | the ledger, its calendar of days, what is to happen on each, and the truth about it |
| `honest` | the clean world: the trade of `api.demo`, its stocks, production and quarterly returns |
| `cases`, `cases_pairs`, `cases_goods`, `cases_conduct` | for each rule of findings how to plant a case, and a near miss |
| `refusals` | the same for what must be refused |
| `scorer` | compares what the ledger found with the truth |
| `__main__` | `python -m tests.acceptance`: the whole of it, with a table and figures |

The scorer knows what was planted; the rules see records alone. A new rule gets a class with `plant` and `near_miss` in
`cases*`, and stands in the table from then on.
"""
