"""The event flow graph of one function: its vocabulary, the graph itself and its text picture."""
