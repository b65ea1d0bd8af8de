import COpenSSL
import Glibc

/// The byte stream of a connection, plain or TLS; never blocks. Owns the descriptor. Lives on the loop's thread.
final class Transport {
    let descriptor: Int32
    @exclusivity(unchecked) private var session: OpaquePointer?
    /// Held as long as the session: OpenSSL's callbacks ask it.
    @exclusivity(unchecked) private var certificates: CertificateSet?
    @exclusivity(unchecked) private var isClosed = false
    /// After a fatal error nothing may be said any more (SSL_get_error(3)).
    @exclusivity(unchecked) private var hasFailed = false
    /// The last read found less than a record.
    @exclusivity(unchecked) private var lacksInput = true
    /// The socket told of input, and no read has come to its end since.
    @exclusivity(unchecked) private var holdsInput = false
    /// The client has said that nothing more comes: reads go on until they come to that.
    @exclusivity(unchecked) private var holdsEnd = false
    /// How input ended, while the bytes before it were handed over.
    @exclusivity(unchecked) private var ending: Transfer?
    /// OpenSSL can go on only when the socket takes more: a certificate chain larger than its buffer.
    @exclusivity(unchecked) private(set) var wantsOutput = false
    /// The last read could not go on for that.
    @exclusivity(unchecked) private(set) var readWantsOutput = false
    let isSecure: Bool
    /// Given to the kernel past TLS.
    @exclusivity(unchecked) private var plainByteCount: UInt64 = 0

    // Guard: made once and never changed.
    private nonisolated(unsafe) static let socketMethod = copenssl_socket_method()

    /// Takes over `descriptor`; nil when OpenSSL has no memory for a session.
    init?(descriptor: Int32, tls: TLSConfiguration?) {
        self.descriptor = descriptor
        isSecure = tls != nil
        guard let tls else { return }
        let certificates = tls.certificates
        let made = certificates.newSession()
        guard let session = made, copenssl_set_socket(session, Transport.socketMethod, descriptor) == 1 else {
            SSL_free(made)
            Glibc.close(descriptor)
            isClosed = true
            return nil
        }
        SSL_set_accept_state(session)
        self.session = session
        self.certificates = certificates
    }

    deinit {
        close()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let session {
            sayGoodbye(session)
            SSL_free(session)
        }
        session = nil
        certificates = nil
        Glibc.close(descriptor)
    }

    /// Once the handshake is over: whether it went on with an earlier session. nil before, and on plain connections.
    var hasResumed: Bool? {
        guard let session, SSL_is_init_finished(session) == 1 else { return nil }
        return SSL_session_reused(session) == 1
    }

    /// Whether the client has sent anything to TLS.
    var hasReceived: Bool {
        guard let session else { return false }
        return BIO_number_read(SSL_get_rbio(session)) > 0
    }

    /// Makes the end look like the fault that it is: a reset, and no close_notify, which would call an answer whole.
    func breakOff() {
        hasFailed = true
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Whether a read may bring something without another event of the socket.
    var mayHaveInput: Bool { holdsInput || hasBufferedInput }

    /// An event told of input, which stays told until `inputTaken`.
    func inputArrived(isLast: Bool) {
        holdsInput = true
        if isLast { holdsEnd = true }
    }

    /// A read took all that was there. What came meanwhile has an event of its own.
    func inputTaken() { holdsInput = holdsEnd }

    /// Whether bytes wait inside OpenSSL. Less than a record does not count.
    private var hasBufferedInput: Bool {
        guard let session else { return false }
        return ending != nil || !lacksInput && SSL_has_pending(session) == 1
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard let session else { return receivePlain(into: buffer) }
        if let ending { return ending }
        let socket = SSL_get_rbio(session)
        copenssl_forget_found(socket)
        defer { if copenssl_found_less(socket) == 1 { inputTaken() } }
        var filled = 0
        // Further records only when bytes of them are here already: asking the socket once too often costs a call.
        repeat {
            let outcome = read(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), session)
            switch outcome {
            case .bytes(let count):
                filled += count
                lacksInput = false
            case .wouldBlock:
                lacksInput = true
                return filled > 0 ? .bytes(filled) : .wouldBlock
            case .ended, .failed:
                ending = outcome
                return filled > 0 ? .bytes(filled) : outcome
            }
        } while filled < buffer.count && hasBufferedInput
        return .bytes(filled)
    }

    private func receivePlain(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        guard !isSecure else { return .failed }
        let outcome = Sockets.receive(descriptor, buffer)
        switch outcome {
        case .bytes(let count) where count == buffer.count: break
        default: inputTaken()
        }
        return outcome
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer, _ session: OpaquePointer) -> Transfer {
        clearErrors()
        readWantsOutput = false
        let count = SSL_read(session, buffer.baseAddress, Int32(min(buffer.count, 1 << 20)))
        guard count <= 0 else { return moved(count) }
        let isPlain = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_HTTP_REQUEST
        let outcome = outcome(session, count)
        readWantsOutput = wantsOutput
        if outcome == .failed, isPlain { refusePlain(buffer) }
        return outcome
    }

    /// `moreFollows` keeps a small piece back until the next one.
    func send(_ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false) -> Transfer {
        guard isSecure else { return sent(Sockets.send(descriptor, bytes, moreFollows: moreFollows)) }
        guard let session else { return .failed }
        clearErrors()
        let count = SSL_write(session, bytes.baseAddress, Int32(min(bytes.count, 1 << 20)))
        return count > 0 ? moved(count) : outcome(session, count)
    }

    /// Whatever waited for room has it: else a connection that reads no more would be woken for ever.
    private func moved(_ count: Int32) -> Transfer {
        wantsOutput = false
        return .bytes(Int(count))
    }

    /// Two pieces, in one call where the connection is plain.
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
        isSecure ? send(first) : sent(Sockets.send(descriptor, first, second))
    }

    /// A part of a file, on plain connections.
    func sendFile(_ file: Int32, offset: Int64, count: Int64) -> Transfer {
        sent(Sockets.sendFile(descriptor, from: file, offset: offset, count: count))
    }

    private func sent(_ outcome: Transfer) -> Transfer {
        if case .bytes(let count) = outcome { plainByteCount += UInt64(count) }
        return outcome
    }

    /// How far the client has come, records of TLS included; costs a system call.
    var delivery: Delivery {
        let given = session.map { BIO_number_written(SSL_get_wbio($0)) } ?? plainByteCount
        let outstanding = Sockets.outstandingBytes(descriptor)
        return Delivery(acknowledged: given - min(given, outstanding), outstanding: outstanding)
    }

    /// Says that nothing more will be written: close_notify and FIN.
    func endOutput() {
        if let session { sayGoodbye(session) }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// close_notify (RFC 8446 §6.1), once, so that the client knows that it has everything. While a record is half
    /// sent OpenSSL refuses, and the client sees what happened: an answer that was cut off.
    private func sayGoodbye(_ session: OpaquePointer) {
        guard !hasFailed, SSL_is_init_finished(session) == 1, SSL_get_shutdown(session) & SSL_SENT_SHUTDOWN == 0 else {
            return
        }
        clearErrors()
        SSL_shutdown(session)
    }

    /// Somebody speaks plain HTTP here: says so, in plain HTTP. `buffer` takes what else was sent, because unread bytes
    /// would tear the answer away.
    private func refusePlain(_ buffer: UnsafeMutableRawBufferPointer) {
        _ = Sockets.receive(descriptor, buffer)
        _ = Transport.plainRefusal.withUnsafeBytes { Sockets.send(descriptor, $0) }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private static let plainRefusal = Array(
        ("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 35\r\n"
            + "Connection: close\r\n\r\n400 Bad Request: use https:// here\n").utf8)

    /// What SSL_get_error asks for before each call. Clearing an empty queue costs seven times as much as finding it so.
    private func clearErrors() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    private func outcome(_ session: OpaquePointer, _ status: Int32) -> Transfer {
        let error = SSL_get_error(session, status)
        wantsOutput = error == SSL_ERROR_WANT_WRITE
        switch error {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            hasFailed = true
            return .failed
        }
    }
}
