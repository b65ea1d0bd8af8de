import Testing

@Suite struct GatewaysSkeleton {}
