import Testing

@Suite struct DocumentsSkeleton {}
