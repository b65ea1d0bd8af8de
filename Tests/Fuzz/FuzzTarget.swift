import Glibc

/// What libFuzzer calls with each input. One program holds every target; FUZZ_TARGET chooses (scripts/fuzz).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "head": fuzzHead, "chunked": fuzzChunked, "multipart": fuzzMultipart, "urlencoded": fuzzURLEncoded,
    "cookie": fuzzCookie, "range": fuzzRange, "date": fuzzDate, "proxy": fuzzProxy, "forwarded": fuzzForwarded,
    "path": fuzzPath, "accept": fuzzAccept, "tags": fuzzTags,
]

private let target: @Sendable ([UInt8]) -> Void = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = targets[name] else {
        print("FUZZ_TARGET must be one of", targets.keys.sorted().joined(separator: " "))
        exit(2)
    }
    return target
}()

/// Ends the run when a claim is false: libFuzzer keeps the input.
func claim(_ isTrue: @autoclosure () -> Bool, _ claim: StaticString) {
    if isTrue() { return }
    print("false claim:", claim)
    abort()
}

/// The first byte says where the rest is cut.
func cut(_ input: [UInt8]) -> (bytes: [UInt8], place: Int) {
    guard let first = input.first else { return ([], 0) }
    let bytes = Array(input.dropFirst())
    return (bytes, bytes.isEmpty ? 0 : Int(first) % (bytes.count + 1))
}
