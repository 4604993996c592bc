"""The live board: how the line is at this moment, for the desk and for the supervisor's room."""
