"""`python -m node.cli` is `kpledger`."""

from node.cli.main import main

main()
