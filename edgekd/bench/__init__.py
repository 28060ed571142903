"""What a bundle is worth and what it costs: quality kept, latency, memory, size; and the gate on it."""
