"""What makes the reader that ships: data, training, evaluation, export. Not in the wheel."""
