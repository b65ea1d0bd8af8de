import Testing

@Suite struct HTTPWireSkeleton {}
