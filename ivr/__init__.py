"""The line a child calls. Read `ivr/call.py` first: the life of one call, turn by turn."""
