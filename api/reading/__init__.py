"""Pages for participants and the secretariat: who signs in with a token reads here what the API gives that token.

| file | what |
|---|---|
| `sessions` | a token exchanged for a cookie |
| `guard` | what each of these pages passes: session, same origin, form token; errors as pages |
| `forms` | a form's fields, bounded |
| `workbook` | what the readers of a node note for themselves: status, assignment, notes, saved filters |
| `lookup` | the search box: a number, a record id, a country |
| `graph` | a chain of custody laid out in columns |
| `worklist` | findings with what an office noted about them |
| `desk` `certificate` `records` `owed` `findings` `participant` | the pages |

Rules:

- A page shows what the API would answer to the same token, nothing more; it never touches an envelope.
- The API takes no cookie, and these pages no `Authorization` header: what a browser sends by itself opens nothing that writes.
- Lists are keyset-paged off the ledger's indexes; what is filtered by this node's own notes may fill a page less.
- Nothing of a token or a session is logged, and no page is kept by a cache.
"""
