"""What a bundle is worth and what it costs: quality kept from the teacher, latency, memory, size; and the gate on it."""
