"""HTTP/1.1 without input or output: heads, field lines, forwarding rules, cookies, bytes to messages and back."""
