"""One running process: keys, mempool, peers, the consensus driver, the command line. Every side effect lives here."""
