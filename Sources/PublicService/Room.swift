/// Placeholder until the room's first file lands.
enum PublicServiceRoom {}
