import Testing

@Suite struct WebSkeleton {}
