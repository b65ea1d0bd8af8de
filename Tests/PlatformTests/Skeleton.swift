import Testing

@Suite struct PlatformSkeleton {}
