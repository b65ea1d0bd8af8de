import Testing

@Suite struct HouseSkeleton {}
