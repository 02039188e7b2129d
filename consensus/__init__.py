"""Byzantine-fault-tolerant agreement on the order of opaque payloads: Simplex, sans-IO."""
