"""What a record means: formats, rules, state, the Merkle log. Deterministic; knows no network and no clock."""
