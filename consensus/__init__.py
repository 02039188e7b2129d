"""Byzantine-fault-tolerant agreement on the order of opaque payloads: Simplex, sans-IO. This text is the specification.

Simple leader-based consensus: views one after the other, each with a leader that proposes one block; whoever sees it in time
and finds it valid votes for it, whoever waits too long votes to leave the view empty. A block is final after three message
delays; a dead leader costs one timeout, or nothing once it has long been silent. Safe with at most f Byzantine validators,
live when the network is.

Reference: Chan and Pass, "Simplex Consensus: A Simple and Fast Consensus Protocol" (2023).

Terms
-----
Validators: n in an epoch, f = (n-1)//3 of them may be faulty, quorum q = (n+f)//2 + 1. Leader of view v: `perm[v mod n]`, perm
being the keys sorted by SHA-256(ledger id || epoch || key).

Votes, signed with a tag and the ledger's id: `notarize(epoch, view, parent view, digest)`, `nullify(epoch, view)`,
`finalize(epoch, view, parent view, digest)`. q votes of one kind for one subject are a certificate: NOTAR, NULL, FINAL.

Floor: the highest view with a known FINAL, and the block it names. Delivered: the last block handed to the application, which
may lag behind the floor while blocks are fetched. Retained views: from 64 below the floor on.

`parent_ok(v, p, d)`: floor <= p < v; (p, d) is the floor's view and digest, or NOTAR(p, d) is held; NULL(u) is held for every
view u between p and v.

`work()`: records pending, or a block due though none is (the application says both; the end of an epoch is due, too), or a
notarized block above the floor, or a proposal or own vote in this view, or f+1 nullifications of this view. A node is *pressed*
while one of these but the proposal and the own vote holds.

Vote rules, over a key's whole life, restarts included, in each view: at most one notarize; no notarize after nullify; never
both nullify and finalize; finalize only what is notarized. Nullify after notarize is allowed.

Three answers never mix: valid, invalid for ever, and no answer yet (a parent, a body, a certificate is on its way, a clock is
behind). "Not yet" is never "invalid"; a failed check is never remembered as passed.

Rules
-----
R1  Enter v on NOTAR(v-1), NULL(v-1) or FINAL(>= v-1), however it was learnt, and really start it: what came for v before
    counts.
R2  Timers: leader 2 s until a proposal came, certificate 4 s, times min(1.5^k, 8), k = nullified views in a row (skipped
    leaders not counted), 0 on FINAL. They are armed when `work()` becomes true, also in mid-view, counted from then, and
    cancelled when it becomes false. Both fire at once when the leader has been silent for 15 s while q-1 others were heard.
R3  Leader, nothing signed in v, `work()`: take the highest parent_ok parent whose ancestors are here; missing certificates
    are fetched first. Persist {block, own notarize}, then send. Where the only work is a notarized tip, wait 1 s for its
    FINAL before an empty block; else the application may answer that it has nothing, and judges whether a block is due by the
    parent's time. After a restart it is the same block again.
R4  First proposal of the current view's leader: malformed, invalid or too late -> R6. Parent, certificate or body missing:
    fetch (certificates from that leader) and wait. Else, nothing signed: persist {block, notarize}, broadcast. A block's mark,
    the result of a block that its proposer has executed, is not older than its parent's mark nor newer than its parent.
R5  NOTAR(v): persist, broadcast once, enter v+1, fetch the block. When it is durable and valid and neither nullify(v) nor
    finalize(v) is signed: persist finalize, broadcast. A certificate overrides a conflicting local proposal. Notarized but
    invalid here: alarm, stop voting.
R6  Timeout, invalid proposal, or the leader's own nullify: persist nullify once, broadcast. A leader that f+1 validators say is
    more than 32 blocks behind does so at once: nobody need wait for it. Every 5 s, while pressed, again with the best entry
    certificate; a node at rest repeats it only to who still nullifies this view. An own vote always counts in the own tally,
    once.
R7  NULL(v): persist, broadcast once, enter v+1; work on NOTAR(v) goes on.
R8  FINAL(v): persist, broadcast once, deliver the ancestors in order, enter v+1.
R9  Every 5 s send recorded finalize votes of views not final again; none is ever made here.
R10 Admit votes for views from floor-64 to view+1, sender == signer, one of a kind. A second, different one, or nullify with
    finalize, also out of certificates, is an equivocation: once both are verified they are kept durably, one pair a signer and
    epoch, and told to the application. Signatures are verified in a batch when a threshold could be reached, and a bad one is
    its sender's fault; unverified votes never count.
R11 A nullify for a past view u is answered with FINAL(>= u), else NOTAR(u), else NULL(u). `Status(epoch, view, final
    height)` on connect and every 5 s; a peer whose status is behind is sent the entry certificate of this node's view, and
    FINAL. On connect, and when its status says that it is in an earlier view, a validator is also shown the newest vote of its
    own that is held here (`Seen`). Who is shown an own vote that the log does not hold runs on a log that is not its newest:
    it never votes again, also after a restart.
R12 Catch-up, when ancestors of a FINAL are missing or f+1 validators say they are ahead: final blocks *forward* from the
    delivered one to the next FINAL (at most 256), verified, delivered, executed, and again. Another peer is asked after 1
    s. An answer that does not settle the question is no fault.
R13 A block with `next`, the hash of the validators to come, holds no records and ends its epoch: no block stands on it. While
    it is notarized and not final, later leaders propose it again, on itself: their vote's view is then later than the block's,
    its parent is the view of the NOTAR, and it is never too late. Its FINAL ends the core; once the block is executed another
    core begins epoch e+1 at view 1, in a log of its own. A message of an old epoch, unless it is an answer itself, is answered
    with that FINAL.

What contradicts more than f faulty validators' power, or this node's own log, is an alarm: two certificates for different
blocks of one view, NULL and FINAL of one view, a final block off the delivered chain or beyond its epoch's last, an own vote
that the log does not hold.
An alarmed node never votes again in this life of the process; it goes on to follow. All three kinds of certificates are handed
to the application (`Archive`): where two contradict each other, at least f+1 validators have signed both.

Durability
----------
Everything a vote depends on, and the vote, is in `Output.persist` before it is in `send_after`; certificates likewise, since
they hold own signatures. Every prefix of the log is a state this node was in. `Core.recover` rebuilds it: view from the highest
certificate, own votes counted again once, blocks above the executed one delivered again.

Where to read on: `events` (the surface), `core` and `admission` (what comes in), `engine` (R1 to R8), `answers` (what others
are told), `journal` (the sign guard).
"""
