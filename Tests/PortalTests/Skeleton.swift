import Testing

@Suite struct PortalSkeleton {}
