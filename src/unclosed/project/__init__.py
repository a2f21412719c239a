"""The project around a file: which module a name means, and its facts when somebody asks."""
