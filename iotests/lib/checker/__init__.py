"""The machinery of `check`: finding tests, asking the daemon what it has, running, judging, reporting."""
