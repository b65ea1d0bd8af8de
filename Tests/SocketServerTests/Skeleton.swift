import Testing

@Suite struct SocketServerSkeleton {}
