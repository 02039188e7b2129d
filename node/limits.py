"""Every bound of a node, in one place, with its unit and reason."""

MAX_FRAME_BYTES = 20 * 1024 * 1024
"""One WebSocket message between peers; the largest is a consensus message with its framing."""

BULK_FRAME_BYTES = 512 * 1024
"""Records are sent in frames of about this size, so that a vote waits behind one such frame at most."""

MAX_FRAME_ITEMS = 4_096
MAX_IDS = 2_000
"""Ids in one request or announcement, and records in one item."""

MIN_SUBMISSION_BYTES = 150
"""One record in a frame. No record is smaller (key, signature and the statement's fixed fields alone take more), and a frame of
millions of tiny ones would take twelve times its size in memory."""

MAX_ERROR_TEXT = 200
"""Characters of a refusal's text that may quote what a peer sent."""

SEND_QUEUE_BYTES = 32 * 1024 * 1024
"""Per peer, for records and catch-up; beyond it a slow peer loses them (and asks again later), never our memory."""

SEND_QUEUE_URGENT = 4_096
"""Per peer, consensus messages and cosignatures waiting; beyond it, or the bytes above, the link is closed and made anew."""

RECEIVE_RECORDS_BYTES = 16 * 1024 * 1024
"""Per peer, records waiting for their signature check; beyond it they are dropped (and pulled later)."""

RECEIVE_REQUESTS = 64
"""Per peer, requests waiting for their answer; beyond it they are dropped (and asked again)."""

PEER_EVENTS = 64
PEER_EVENT_BYTES = 20 * 1024 * 1024
"""Per peer, messages waiting for the consensus core, and their bytes; its reader waits when there are more."""

HANDSHAKE_SECONDS = 5
"""For TLS, and once more for what both sides then show each other; a stranger's silent connection is open no longer."""

CLOSE_SECONDS = 1
"""For what is still to be sent when a link is closed, and for the peer to close, too; then the connection is cut."""

STRANGERS = 256
"""Connections to the listener for peers whose other end has not yet shown a certificate; the oldest make way."""

CONNECTIONS_PER_PEER = 8
"""Connections to it from one certificate: a peer's link, those that replace it while it looks alive, and some to spare."""

PEER_HANDSHAKES = 4
"""Connections of one peer that have not yet shown its key."""

RECONNECT_SECONDS = (0.2, 2.0)
"""First and longest pause between attempts to reach a peer."""

STATUS_SECONDS = 5
"""How often pending ids are announced, so that a dropped frame strands nothing."""

DUTY_SECONDS = 30.0
"""How long a record that the node files by itself is waited for before it is filed again."""

EVIDENCE_TURN_SECONDS = 3.0
"""How long each node leaves to the one before it to file the same evidence."""

FRESHNESS_SECONDS = 60
"""How often an unchanged head is cosigned again."""

FEED_SECONDS = 600.0
"""How often an outside witness is asked to cosign an unchanged head again."""

FEED_TIMEOUT_SECONDS = 15.0
FEED_WAIT_SECONDS = (2.0, 300.0)
"""For one answer of an outside witness; first and longest pause before one that did not cosign is asked again."""

WATCH_SECONDS = 10.0
WATCH_LONGEST_SECONDS = 15.0
WATCH_REQUEST_SECONDS = 5.0
WATCH_UNPROVEN_SECONDS = 15.0
"""A monitor's pause between rounds and the longest that may be asked for; its patience with a checkpoint, and again with the
tiles that compare it; and with a node that shows none. Two rounds take less than the minute in which it must raise an alarm."""

REFRESH_SECONDS = 30.0
"""How often a peer's newer cosignature of the same head is taken."""

BODY_GRACE_SECONDS = 0.05
"""How long a block's missing records are waited for before they are asked for; most are on their way."""

BODY_RETRY_SECONDS = 1.0
BODY_PATIENCE_SECONDS = 2.0
"""How long a record that has come from a peer and waits for its check is waited for; a flood of spoilt copies may hide that it
never came whole."""

BODY_REQUEST_IDS = 500
"""Record bodies asked of one peer at a time; then the next peer is asked."""

ANSWER_BYTES = 4 * 1024 * 1024
"""Records in one answer to a request for bodies."""

EXECUTE_AHEAD = 8
"""Final blocks whose bodies are sought at a time: a node that catches up waits for the network once for them, not once each."""

HEADERS_BYTES = 8 * 1024 * 1024
"""Final blocks in one catch-up answer."""

MEMPOOL_RECORDS = 20_000
MEMPOOL_BYTES = 128 * 1024 * 1024
AUTHOR_RECORDS = 1_000
AUTHOR_BYTES = 4 * 1024 * 1024
"""Pending records altogether, and of one author, in this node's mempool. An author fills one block, and waits for it."""

BLOCK_RECORDS = 1_000
BLOCK_BYTES = 4 * 1024 * 1024
"""One block with the bodies of its records."""

CLOCK_AHEAD_MS = 2_000
CLOCK_BEHIND_MS = 30_000
"""A block's time against the own clock: further ahead waits, further behind is refused."""

MARK_BEHIND_BLOCKS = 16
"""When the last executed block is further behind than this, blocks carry no records."""

TURN_SECONDS = 0.0005
"""How long a thread keeps the interpreter from another one that wants it; a tenth of Python's own bound. The event loop gives
it away at each look into the store, and waits that long for it while a block is applied: with Python's bound the slowest
hundredth of certificates takes twice as long at half load."""

HEARTBEAT_SECONDS = 600
"""An idle ledger still agrees on a block this often."""

VERIFY_CHUNK = 100
VERIFY_THREADS = 2
"""Signatures are checked in chunks of this many, so that the event loop is late by a few milliseconds at most."""

VERIFY_AT_ONCE = 4
"""So many are checked on the event loop when nothing else waits: a third of a millisecond."""

WAIT_FINAL_SECONDS = 30
"""How long `?wait=final` waits before it answers 202."""

WAL_SEGMENT_BYTES = 16 * 1024 * 1024
"""The write-ahead log starts a new segment past this size."""

STOP_SECONDS = 5
"""How long open requests may take to end when the process stops."""

CHECKPOINTS_KEPT = 256
"""Newest sizes that further cosignatures are taken for."""

CHECKPOINTS_EARLY = 256
"""Per peer, cosignatures of sizes that this node has not executed yet; the latest are kept."""

AUDIT_FRAME_BYTES = 2 * BLOCK_BYTES
"""One block in an export with all its records, its votes, and a kilobyte or more for each judgement."""

AUDIT_ANSWER_BYTES = 1024 * 1024
AUDIT_ANSWER_BLOCKS = 256
"""Final blocks in one answer to an auditor, and their bytes; one block alone may take more."""

AUDIT_ANSWER_FINDINGS = 500

AUDIT_STEP_RECORDS = 100
"""Records that are read for an auditor in one turn of the event loop: a millisecond or so."""

AUDIT_BATCH_RECORDS = 256
AUDIT_BATCH_BLOCKS = 64
"""Records, and blocks, whose signatures an audit checks together."""

AUDIT_AHEAD = 4
"""Such batches that an audit holds at a time for each process that checks them: its memory has no other bound."""

AUDIT_ALONE_BYTES = 1024 * 1024
"""Smaller exports are checked in one process: another one takes longer to start."""

SCRUB_SHARE = 0.01
"""Of one core, at most, for reading the store in the background: 400 MB of records a day."""

SCRUB_PAUSE_SECONDS = 60.0
"""Between two passes over the whole store."""

# --- what a program takes of a node's answer

CLIENT_ANSWER_BYTES = 64 * 1024 * 1024
"""The longest answer, unpacked: what a proposer of statistics asks for (`ledger.statistics.basis.MAX_BASIS_BYTES`)."""

CLIENT_PROBLEM_BYTES = 1024 * 1024
"""A problem document; a batch's problems stand in its answer."""
