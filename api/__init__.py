"""HTTP for three audiences: participants, auditors, the public. Reads the ledger, submits through one small port."""
