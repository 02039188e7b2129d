"""`kpledger`: the command line. One file a group of verbs; `main` puts them together."""
