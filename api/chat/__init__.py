"""Chat tools: one thin door each, behind what they share."""
