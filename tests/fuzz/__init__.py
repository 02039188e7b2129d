"""What peers and clients may send, spoilt in every way: `python -m tests.fuzz` for as many inputs as one has time for.

Valid bytes made by the project's own encoders are changed with knowledge of their structure and without (`mutate`), and handed
to every decoder (`decoders`) and down the whole road of a node, from frame to consensus core (`road`). What fails is made
smaller (`shrink`), printed and kept.
"""
