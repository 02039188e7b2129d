"""The printable certificate: what stands on it (`contents`), in which languages (`texts`), and the file itself (`document`)."""
