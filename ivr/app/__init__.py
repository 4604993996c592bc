"""The parts of the line as processes, put together: one module a part, `python -m ivr.app answer|watch|ledger|…`.

Each loads what it needs and nothing else: on a small machine there are six of them, and one that died must be back at
once.
"""
