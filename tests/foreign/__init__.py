"""Programs that none of us wrote, run as they are against this ledger's log: they must accept what is right and refuse the rest."""
