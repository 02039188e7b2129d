"""A certificate's dossier: one PDF of all that the ledger says about it in clear, receipts attached, for an inquiry's file.

Rules:

1. It says what a certificate's page says to the same reader, and nothing else: findings are those that the reader may see, and
   nothing of a sealed part is in it (`sources` has the members).
2. It is a function of its sources and the language: no clock is read, nothing is fetched, so that the same answers give the
   same bytes, whether a node makes it for a page or `kpledger custody --dossier` on the auditor's own machine.
3. It names the heights that its parts were read at and the checkpoint of the receipts attached. The receipts prove the records
   alone; what follows from the records (chains, origins, findings) whoever has the ledger can find again, and it says so.
4. It is bounded: rows of long chains are left out and counted, receipts are those of the newest records (`contents`). A node
   makes one at a time in a process of its own, which is ended when it takes too long (`making`).
"""
