import Testing

@Suite struct PublicServiceSkeleton {}
