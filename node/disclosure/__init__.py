"""Finds which further cells of a release must be confidential, and the witnesses that show it: `propose`.

Every node only checks a proposal (`ledger.statistics.verify`, integers); to find one takes linear programs, and the extra
`disclosure` (`pip install kpledger[disclosure]`). Floats and the solver are in this folder alone, and decide nothing: what
they find is made whole numbers, and held against the ledger's own functions before anybody sees it.

| file | |
|---|---|
| `rows` | the sums that releases show, each once, and which of them are published under a pattern of confidential cells |
| `lean` | the sums that must stay, with as few terms as possible |
| `near` | parts of the trade in which most targets can be moved without the rest |
| `program` | a linear program for each question about a system of sums |
| `integers` | a solution in floats as an exact integer one |
| `asking` | questions for many targets or one, free or at the price of more confidential cells |
| `tally` | what the witnesses found so far cover, for whom, and which of them are enough |
| `covering` | covers targets with what is confidential as it is, near and far |
| `shortfalls` | whom a pattern protects too little, and which cells could change that |
| `cheapest` | the cheapest pattern of a small system, before witnesses are looked for |
| `search` | covers all targets by witnesses, from top to bottom |
| `conceding` | proves what earlier releases make impossible |
| `ahead` | what a quarter must leave open for the year's release |
| `thinning` | publishes again what turned out not to be needed |
| `propose` | from figures to a proposal, from top to bottom |
| `errors` | what is impossible, and what to hold back |
"""
