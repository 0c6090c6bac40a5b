"""Side by side with others: what the README's comparisons are printed by. Not installed."""
