import COpenSSL

/// What OpenSSL is told: TLS 1.2 and 1.3, forward secrecy with AEAD only, as Mozilla's intermediate profile (5.7) asks,
/// without its finite-field groups, which nobody needs any more.
enum TLSContext {
    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    private static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let groups = "X25519:P-256:P-384"

    /// A context with `chains`, at most one of each kind of key: the client's algorithms decide which is shown.
    static func make(_ chains: [CertificateChain], _ ticketKeys: TicketKeys) throws(TLSError) -> OpaquePointer {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .library }
        do throws(TLSError) {
            try setUp(context)
            setUpSessions(context, ticketKeys)
            for chain in chains {
                ERR_clear_error()
                guard SSL_CTX_use_cert_and_key(context, chain.certificate, chain.key, chain.issuers, 1) == 1 else {
                    let reason = ERR_reason_error_string(ERR_peek_last_error()).map { String(cString: $0) }
                    throw .refused(file: chain.files.chain, reason: reason ?? "no reason given")
                }
            }
            return context
        } catch {
            SSL_CTX_free(context)
            throw error
        }
    }

    private static func setUp(_ context: OpaquePointer) throws(TLSError) {
        // Level 2 (112 bits) whatever the system's configuration says.
        SSL_CTX_set_security_level(context, 2)
        guard copenssl_set_min_version(context, TLS1_2_VERSION) == 1,
            SSL_CTX_set_cipher_list(context, ciphers) == 1, SSL_CTX_set_ciphersuites(context, suites) == 1,
            copenssl_set_groups(context, groups) == 1
        else { throw .library }
        // The server's order holds, but a client that puts ChaCha20 first, having no AES in hardware, gets it.
        _ = copenssl_set_options(
            context,
            copenssl_op_no_compression | copenssl_op_no_renegotiation | copenssl_op_cipher_server_preference
                | copenssl_op_prioritize_chacha | copenssl_op_ignore_unexpected_eof)
        // Partial writes and moving buffers: output is kept by the connection, not by OpenSSL; buffers of idle
        // connections are given back.
        _ = copenssl_set_mode(
            context,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
        // One recv a record instead of two.
        copenssl_set_read_ahead(context, 1)
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, chosenLength, offered, offeredLength, _ in
                selectHTTP11(chosen, chosenLength, offered, offeredLength)
            }, nil)
    }

    /// Sessions live in tickets that the clients keep; the server keeps none. Early data stays off, as it is by default:
    /// it can be replayed (RFC 8446 §8).
    private static func setUpSessions(_ context: OpaquePointer, _ ticketKeys: TicketKeys) {
        _ = copenssl_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        _ = SSL_CTX_set_timeout(context, ticketKeys.lifetimeSeconds)
        // Two, because browsers open several connections and use a ticket once (RFC 8446 appendix C.4).
        SSL_CTX_set_num_tickets(context, 2)
        let name = Array("motcua".utf8)
        _ = SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
        // Not retained: whoever holds a session holds the set, and the set its keys.
        SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(ticketKeys).toOpaque())
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context) { session, name, vector, cipher, mac, seals in
            guard let session, let name, let vector, let cipher, let mac,
                let data = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), 0)
            else { return -1 }
            let keys = Unmanaged<TicketKeys>.fromOpaque(data).takeUnretainedValue()
            if seals == 1 { return keys.seal(name, vector, cipher, mac) }
            let outcome = keys.open(name, vector, cipher, mac)
            // TLS 1.3 clients use a ticket once, so that nobody can tell their connections belong together.
            return outcome == 1 && SSL_version(session) == TLS1_3_VERSION ? 2 : outcome
        }
    }
}

/// RFC 7301: picks `http/1.1`; a client that offers only others gets a clear alert.
private func selectHTTP11(
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ chosenLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32
) -> Int32 {
    guard let offered else { return SSL_TLSEXT_ERR_NOACK }
    let wanted = "http/1.1".utf8
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
