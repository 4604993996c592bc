"""What the line is made of that others have written: a bill of materials, licences, and known faults of them."""
