"""Models that find an answer's place in windows of text: one file for each runtime."""
