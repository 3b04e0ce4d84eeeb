"""The differential runner: the same conversation with two daemons, one of which may be a recording."""
