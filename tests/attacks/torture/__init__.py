"""RFC 4475: messages that are right and look wrong, and messages that are wrong. Written from its descriptions."""
