"""Every text of the desk, by language: `english`, `french`, and `advice`, what to do about each reason. Tests hold them complete."""
