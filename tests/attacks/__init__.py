"""What somebody who means no good sends to the line; real attacks on a real switch."""
