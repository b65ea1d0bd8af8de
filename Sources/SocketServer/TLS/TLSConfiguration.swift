import COpenSSL
import Glibc
import Synchronization

/// Why TLS cannot be offered: said at start, with the file.
public enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The certificate chain cannot be read.
    case certificate(String)
    /// The private key cannot be read, or does not belong to the certificate.
    case key(String)
    /// OpenSSL refuses something that every build has.
    case library

    /// For the operator.
    public var description: String {
        switch self {
        case .certificate(let file): "cannot read a certificate chain (PEM) from \(file)"
        case .key(let file): "cannot read the private key (PEM) in \(file), or it does not belong to the certificate"
        case .library: "OpenSSL cannot be set up"
        }
    }
}

/// A certificate with its key, ready for handshakes: TLS 1.2 and 1.3, forward secrecy with AEAD only, ALPN `http/1.1`.
/// Can be read again while connections are open: each keeps what it was opened with.
public final class TLSConfiguration: Sendable {
    /// What OpenSSL holds for a certificate.
    private struct Context: @unchecked Sendable {
        // Guard: complete when made; OpenSSL counts the references that open sessions hold, and locks its caches.
        let pointer: OpaquePointer
    }

    /// A session on its way to the connection that owns it.
    private struct Session: @unchecked Sendable {
        // Guard: made under the lock, then used by one connection on its loop's thread.
        let pointer: OpaquePointer?
    }

    private let context: Mutex<Context>
    private let certificateFile: String
    private let keyFile: String

    /// Reads PEM files. Throws which one is wrong.
    public init(certificateFile: String, keyFile: String) throws(TLSError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        context = Mutex(Context(pointer: try TLSConfiguration.read(certificateFile, keyFile)))
    }

    deinit {
        context.withLock { SSL_CTX_free($0.pointer) }
    }

    /// Reads the files again; new connections get what they hold now. Throws which one is wrong: then the old ones stay.
    public func reload() throws(TLSError) {
        let fresh = Context(pointer: try TLSConfiguration.read(certificateFile, keyFile))
        let old = context.withLock { held in
            defer { held = fresh }
            return held
        }
        SSL_CTX_free(old.pointer)
    }

    /// A session for a new connection; nil without memory.
    func newSession() -> OpaquePointer? {
        // Inside the lock: a reload frees the context only after the session holds it.
        let session = context.withLock { Session(pointer: SSL_new($0.pointer)) }
        return session.pointer
    }

    private static func read(_ certificateFile: String, _ keyFile: String) throws(TLSError) -> OpaquePointer {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .library }
        do throws(TLSError) {
            try fill(context, certificateFile, keyFile)
            return context
        } catch {
            SSL_CTX_free(context)
            throw error
        }
    }

    private static func fill(
        _ context: OpaquePointer, _ certificateFile: String, _ keyFile: String
    ) throws(TLSError) {
        guard copenssl_set_min_version(context, TLS1_2_VERSION) == 1,
            SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        else { throw .library }
        _ = copenssl_set_options(
            context,
            copenssl_op_no_compression | copenssl_op_no_renegotiation | copenssl_op_cipher_server_preference
                | copenssl_op_ignore_unexpected_eof)
        // Partial writes and moving buffers: output is kept by the connection, not by OpenSSL; buffers of idle
        // connections are given back.
        _ = copenssl_set_mode(
            context,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
        guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
            throw .certificate(certificateFile)
        }
        guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else { throw .key(keyFile) }
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, chosenLength, offered, offeredLength, _ in
                selectHTTP11(chosen, chosenLength, offered, offeredLength)
            }, nil)
    }
}

/// RFC 7301: picks `http/1.1`; a client that offers only others gets a clear alert.
private func selectHTTP11(
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ chosenLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32
) -> Int32 {
    guard let offered else { return SSL_TLSEXT_ERR_NOACK }
    let wanted = Array("http/1.1".utf8)
    var position = 0
    while position < Int(offeredLength) {
        let length = Int(offered[position])
        guard position + 1 + length <= Int(offeredLength) else { break }
        if UnsafeBufferPointer(start: offered + position + 1, count: length).elementsEqual(wanted) {
            chosen?.pointee = offered + position + 1
            chosenLength?.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        position += 1 + length
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
