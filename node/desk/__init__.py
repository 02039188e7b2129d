"""An authority's signing desk: a web application on loopback, beside the office's own key store.

It talks to a node's HTTP interface as any client does; keys, drafts and what was sealed never leave this machine. Its law:

1. What an officer types is a *draft*, on disk with every button pressed (`drafts`).
2. A draft is released by an officer who wrote none of it, where the desk's policy says so, with that officer's own passphrase;
   what is released is the content that this officer saw, by its digest (`approvals`).
3. Each step stands in an append-only journal before it takes effect (`journal`).
4. A released draft is sealed, signed and kept before it is sent; the same bytes are sent until the node answers (`making`,
   `courier`). What was refused is set aside, and the draft is open again, the reason at its field (`faults`).
5. Who uses it came through the door (a one-time address that only the terminal shows), signed in, and is not idle (`session`).

Start reading at `drafts`, `approvals` and `courier`; then `app`.
"""
