import CCurl
import FoundationEssentials
import Platform

/// A small client on libcurl for calls to gateways: bounded in time and size, follows no redirect.
public struct HTTPClient: Sendable {
    /// What came back.
    public struct Reply: Sendable {
        /// The status code.
        public let status: Int
        /// At most 256 KB.
        public let body: [UInt8]
    }

    /// Why nothing came back.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// libcurl's words.
        public let description: String
    }

    private let queue: WorkQueue
    private let totalMilliseconds: Int
    private let authorities: String?

    /// Calls run on `queue` and end after `totalMilliseconds` at the latest. `authorities` is a PEM file of the
    /// certificates believed instead of the system's.
    public init(queue: WorkQueue, totalMilliseconds: Int = 10_000, authorities: String? = nil) {
        self.authorities = authorities
        self.queue = queue
        self.totalMilliseconds = totalMilliseconds
    }

    /// GET.
    public func get(_ address: String) async throws -> Reply {
        try await queue.run { [self] in try perform(address, json: nil) }
    }

    /// POST of a JSON body.
    public func post(_ address: String, json: Data) async throws -> Reply {
        try await queue.run { [self] in try perform(address, json: Array(json)) }
    }

    private final class Received {
        var bytes: [UInt8] = []
    }

    private func perform(_ address: String, json: [UInt8]?) throws -> Reply {
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw Failure(description: "only http and https are called")
        }
        guard ccurl_open() else { throw Failure(description: "libcurl.so.4 is not installed or cannot be used") }
        guard let handle = ccurl_init() else { throw Failure(description: "no memory") }
        defer { ccurl_cleanup(handle) }
        let received = Received()
        _ = ccurl_set_string(handle, CURLOPT_URL, address)
        if let authorities { _ = ccurl_set_string(handle, CURLOPT_CAINFO, authorities) }
        _ = ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 3_000)
        _ = ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, totalMilliseconds)
        _ = ccurl_set_write_function(
            handle,
            { pointer, size, count, context in
                guard let pointer, let context else { return 0 }
                let received = Unmanaged<Received>.fromOpaque(context).takeUnretainedValue()
                let length = size * count
                guard received.bytes.count + length <= 262_144 else { return 0 }
                received.bytes.append(contentsOf: UnsafeRawBufferPointer(start: pointer, count: length))
                return length
            }, Unmanaged.passUnretained(received).toOpaque())
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { ccurl_free_list(headers) }
        if let json {
            headers = ccurl_append(nil, "Content-Type: application/json")
            _ = ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
            _ = ccurl_set_long(handle, CURLOPT_POST, 1)
            _ = ccurl_set_long(handle, CURLOPT_POSTFIELDSIZE, json.count)
            // The size first, then the copy: libcurl copies as many bytes as the size says.
            json.withUnsafeBytes { bytes in
                _ = ccurl_set_pointer(
                    handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            }
        }
        let status = withExtendedLifetime(received) { ccurl_perform(handle) }
        guard status == CURLE_OK else { throw Failure(description: String(cString: ccurl_reason(status))) }
        var code = 0
        _ = ccurl_response_code(handle, &code)
        return Reply(status: code, body: received.bytes)
    }
}
