import COpenSSL
import Glibc

/// The byte stream of a connection, plain or TLS; never blocks. Owns the descriptor. Lives on the loop's thread.
final class Transport {
    let descriptor: Int32
    private var session: OpaquePointer?
    private var isClosed = false
    let isSecure: Bool

    /// Takes over `descriptor`; nil when OpenSSL has no memory for a session.
    init?(descriptor: Int32, tls: TLSConfiguration?) {
        self.descriptor = descriptor
        isSecure = tls != nil
        guard let tls else { return }
        guard let session = tls.newSession(), SSL_set_fd(session, descriptor) == 1 else {
            Glibc.close(descriptor)
            isClosed = true
            return nil
        }
        SSL_set_accept_state(session)
        self.session = session
    }

    deinit {
        close()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let session { SSL_free(session) }
        session = nil
        Glibc.close(descriptor)
    }

    /// Whether decrypted bytes wait inside OpenSSL, where epoll cannot see them.
    var hasBufferedInput: Bool {
        guard let session else { return false }
        return SSL_pending(session) > 0
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard isSecure else { return Sockets.receive(descriptor, buffer) }
        guard let session else { return .failed }
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(min(buffer.count, 1 << 20)))
        return count > 0 ? .bytes(Int(count)) : outcome(session, count)
    }

    /// `moreFollows` keeps a small piece back until the next one.
    func send(_ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false) -> Transfer {
        guard isSecure else { return Sockets.send(descriptor, bytes, moreFollows: moreFollows) }
        guard let session else { return .failed }
        ERR_clear_error()
        let count = SSL_write(session, bytes.baseAddress, Int32(min(bytes.count, 1 << 20)))
        return count > 0 ? .bytes(Int(count)) : outcome(session, count)
    }

    /// Two pieces, in one call where the connection is plain.
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
        isSecure ? send(first) : Sockets.send(descriptor, first, second)
    }

    /// Says that nothing more will be written: close_notify and FIN.
    func endOutput() {
        if let session { SSL_shutdown(session) }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func outcome(_ session: OpaquePointer, _ status: Int32) -> Transfer {
        switch SSL_get_error(session, status) {
        // A read that wants to write happens only within the handshake, whose records fit the socket's buffer.
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .wouldBlock
        case SSL_ERROR_ZERO_RETURN: .ended
        default: .failed
        }
    }
}
