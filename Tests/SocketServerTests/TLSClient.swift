import COpenSSL
import Foundation
import Glibc

/// What a client offers in its handshake.
struct TLSOffer: Sendable {
    var name: String? = "localhost"
    /// The only version, e.g. `TLS1_2_VERSION`.
    var version: Int32?
    /// TLS 1.2 ciphers in OpenSSL's words.
    var ciphers: String?
    var signatures: String?
    var groups: String?
    var protocols: [String] = []
    var session: TLSTicket?
}

/// A session to come back with.
final class TLSTicket: @unchecked Sendable {
    // Guard: OpenSSL locks what it shares of a session.
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { SSL_SESSION_free(pointer) }
    var lifetimeHint: Int { Int(SSL_SESSION_get_ticket_lifetime_hint(pointer)) }
}

/// A blocking TLS client that trusts everybody and offers exactly what it is told. Every wait is bounded by the socket.
final class TLSClient {
    struct Refused: Error { let reason: String }

    let wire: WireClient
    private let session: OpaquePointer

    /// `pause` runs when the ClientHello is sent and nothing of the answer was asked for.
    init(
        port: UInt16, _ offer: TLSOffer = TLSOffer(), receiveBuffer: Int32? = nil,
        pause: ((WireClient) throws -> Void)? = nil
    ) throws {
        wire = try WireClient(port: port, receiveBuffer: receiveBuffer)
        let context = SSL_CTX_new(TLS_client_method())
        defer { SSL_CTX_free(context) }
        TLSClient.apply(offer, context)
        guard let session = SSL_new(context) else { throw Refused(reason: "no memory") }
        self.session = session
        if var name = offer.name.map({ Array($0.utf8CString) }) {
            SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name)
        }
        if let ticket = offer.session { SSL_set_session(session, ticket.pointer) }
        SSL_set_fd(session, wire.descriptor)
        ERR_clear_error()
        if let pause {
            // It writes to the socket, but reads where nothing comes.
            SSL_set0_rbio(session, BIO_new(BIO_s_mem()))
            SSL_connect(session)
            SSL_set_rfd(session, wire.descriptor)
            try pause(wire)
        }
        guard SSL_connect(session) == 1 else { throw Refused(reason: TLSClient.reason()) }
    }

    deinit {
        // Else OpenSSL takes the connection for broken and forgets its session.
        SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(session)
    }

    private static func apply(_ offer: TLSOffer, _ context: OpaquePointer?) {
        SSL_CTX_set_security_level(context, 0)
        if let version = offer.version {
            SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
            SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        }
        if let ciphers = offer.ciphers { SSL_CTX_set_cipher_list(context, ciphers) }
        for (command, list) in [
            (SSL_CTRL_SET_SIGALGS_LIST, offer.signatures), (SSL_CTRL_SET_GROUPS_LIST, offer.groups),
        ] {
            if var list = list.map({ Array($0.utf8CString) }) { SSL_CTX_ctrl(context, command, 0, &list) }
        }
        let protocols = offer.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !protocols.isEmpty { SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) }
    }

    private static func reason() -> String {
        ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) } ?? "ended"
    }

    // MARK: What came of it

    var version: String { String(cString: SSL_get_version(session)) }
    var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(session))) }
    var isResumed: Bool { SSL_session_reused(session) == 1 }

    var chosenProtocol: String {
        var start: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(session, &start, &count)
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    /// The common name of the certificate that was shown.
    var subject: String {
        guard let certificate = SSL_get1_peer_certificate(session) else { return "" }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 100)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, 100)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The newest session; TLS 1.3 sends tickets after the handshake, so ask after something was read.
    func ticket() -> TLSTicket? {
        guard let ticket = SSL_get1_session(session) else { return nil }
        guard SSL_SESSION_is_resumable(ticket) == 1, SSL_SESSION_has_ticket(ticket) == 1 else {
            SSL_SESSION_free(ticket)
            return nil
        }
        return TLSTicket(ticket)
    }

    // MARK: Talking

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        SSL_write(session, bytes, Int32(bytes.count))
    }

    /// close_notify; the server may still answer.
    func endSending() { SSL_shutdown(session) }

    /// What comes until `end` has come, or the server ends; `true` when it ended with close_notify, `false` when torn.
    func receive(until end: String? = nil) -> (text: String, isWhole: Bool?) {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            // A record brings 16 KB at most: what came before was looked at.
            if let end, String(decoding: received.suffix(17_000), as: UTF8.self).contains(end) {
                return (String(decoding: received, as: UTF8.self), nil)
            }
            ERR_clear_error()
            let count = SSL_read(session, &buffer, Int32(buffer.count))
            guard count > 0 else {
                let isWhole = SSL_get_error(session, count) == SSL_ERROR_ZERO_RETURN
                return (String(decoding: received, as: UTF8.self), isWhole)
            }
            received.append(contentsOf: buffer[..<Int(count)])
        }
    }

    /// One request on the open connection; the answer's text up to the body `hello`.
    @discardableResult func hello() -> Bool {
        send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return receive(until: "\r\n\r\nhello").text.hasPrefix("HTTP/1.1 200")
    }
}
