"""Public statistics: what is published of the ledger's trade and production, and how it reveals no trader (6-statistics.md).

- `tables`: the figures that a release is made of, and the cells that it shows; `periods`: of which times;
- `closing`: when a period closes; `older`: what changes after that is kept; `cube`: the figures as of a height;
- `vintages`: which figures a revision takes over, and which it holds;
- `cells`: all cells of a release; `unsafe`: which of them tell of a trader; `release`: the files;
- `model`: the unknowns behind all releases of a year; `targets`: what must be shown of them; `proposal`, `verify`;
- every node makes the same cube of a period as of a height, and holds a proposed release against it, in integers only;
- what a proposer found with a solver enters as *witnesses*: integer alternatives that everybody can check.
"""
