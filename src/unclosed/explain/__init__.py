"""What the analysis believes at one line of a file, as text, for the person who hunts a false alarm."""
