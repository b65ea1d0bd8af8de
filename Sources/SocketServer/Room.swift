/// Why this room exists: listeners, event loops, TLS and connections; it moves bytes for HTTPWire and calls a Responder.
enum SocketServerRoom {}
