"""What we know: articles, their passages, and the vectors and words that find them."""
