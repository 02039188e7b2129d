"""An exported ledger, and its audit: every judgement made again, offline, from bytes alone.

An export is a directory:

    genesis.json       the ledger's genesis, as its participants gave it
    blocks/<H>.seg     final blocks in order; `<H>`, ten digits, is the height of the file's first block
    findings           the node's findings, in the order of their names
    checkpoint         a quorum checkpoint (signed note)
    export.json        up to where it goes: `{format, ledger_id, origin, height, tree_size, findings}`; written last

Rules of the format:
1. `blocks/<H>.seg` and `findings` begin with a line that names the format, and go on in *frames*: a length (u32, big-endian),
   then so many bytes of canonical MessagePack. A file is there whole or not at all, and never changes: an export goes on with
   the next file, and costs only what is new.
2. A frame of a segment is `[block, final, judgements, records]`: the block's bytes as its digest hashes them; its own FINAL
   certificate or nothing; for each id that the block names what the node says that it judged, and the record's bytes, *also of
   refused ones*. A judgement is `[height, index, code, field, details]`; nil where the same record was refused here and judged
   again later, for then a node no longer knows.
3. The last block has its FINAL; a block without one is proven by the next that has one, through the chain of digests.
4. A frame of `findings` is a finding as `ledger.findings` keeps it. It was read after the blocks: one that became as it stands
   in a later block can be recognized by its height.
5. The log's tiles are not in it: leaves are the ids of accepted records, in the blocks' order. No envelope is, and nothing
   sealed.

Everything follows from the genesis: who votes in the first epoch, what is scheduled and put into force by records, whose
cosignatures make the checkpoint. So an export holds no policy; whoever has one may have it applied, too.

| file | |
|---|---|
| `frames` | the format's bytes |
| `serving` | the node's side: final blocks and findings as frames |
| `export` | fetches them into a directory |
| `reader` | reads the files frame by frame; knows the place of each |
| `chain` | what a block must be on top of its parent, and its quorum |
| `signatures` | signatures of batches of blocks, in other processes |
| `verify` | the audit, from top to bottom |
| `closing` | what is compared at the end: checkpoint, findings |
| `report` | what was checked, in words and as JSON |
| `errors` | one class for each way in which an export can be wrong |

Only the rules are shared with the node (`ledger.state.Ledger.apply`, and what bytes mean); nothing of what drives them is.
Reference: 7-audit.md, "For the auditor".
"""
