import COpenSSL

/// The certificates in force between two reloads, with what OpenSSL made of them. A connection holds the set that it was
/// opened under, so that a reload takes nothing from under a handshake.
final class CertificateSet: @unchecked Sendable {
    // Guard: written by init only; OpenSSL counts the references to contexts, and nothing changes them once made.
    private var contexts: [[Int]: OpaquePointer] = [:]
    private var byName: [String: OpaquePointer] = [:]
    private var first: OpaquePointer?
    /// Held because the contexts' callbacks ask them.
    private let ticketKeys: TicketKeys
    /// What the operator should know though it can be used.
    let warnings: [String]

    /// A context for every group of chains that share names: at most one of each kind of key. Throws which file is wrong.
    init(_ chains: [CertificateChain], _ ticketKeys: TicketKeys) throws(TLSError) {
        self.ticketKeys = ticketKeys
        warnings = chains.flatMap(\.warnings)
        var members: [String: [Int]] = [:]
        for (index, chain) in chains.enumerated() {
            for name in CertificateSet.names(of: chain) {
                if let rival = members[name]?.first(where: { chains[$0].keyKind == chain.keyKind }) {
                    throw .duplicate(name: name, first: chains[rival].files.chain, second: chain.files.chain)
                }
                members[name, default: []].append(index)
            }
        }
        for (name, group) in members {
            if contexts[group] == nil {
                contexts[group] = try TLSContext.make(group.map { chains[$0] }, ticketKeys)
            }
            byName[name] = contexts[group]
        }
        first = chains.first.flatMap { CertificateSet.names(of: $0).first }.flatMap { byName[$0] }
        guard first != nil else { throw .library }
        for context in contexts.values {
            // Not retained: whoever holds a session holds the set.
            copenssl_set_servername_callback(
                context,
                { session, _, set in
                    guard let session, let set else { return SSL_TLSEXT_ERR_NOACK }
                    return Unmanaged<CertificateSet>.fromOpaque(set).takeUnretainedValue().choose(session)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    deinit {
        for context in contexts.values { SSL_CTX_free(context) }
    }

    /// A session that begins with the first certificate; nil without memory.
    func newSession() -> OpaquePointer? { SSL_new(first) }

    /// By the name that the client asks for (RFC 6066 §3): the certificate for just that name, else the wildcard's, else
    /// the first one, whose name the client will then find wrong by itself.
    private func choose(_ session: OpaquePointer) -> Int32 {
        guard let asked = SSL_get_servername(session, Int32(TLSEXT_NAMETYPE_host_name)),
            let context = context(for: String(cString: asked).lowercased())
        else { return SSL_TLSEXT_ERR_NOACK }
        if context != first { SSL_set_SSL_CTX(session, context) }
        return SSL_TLSEXT_ERR_OK
    }

    private func context(for name: String) -> OpaquePointer? {
        byName[name] ?? name.firstIndex(of: ".").flatMap { byName["*" + name[$0...]] }
    }

    private static func names(of chain: CertificateChain) -> [String] {
        let names = chain.names
        return names.isEmpty ? [""] : names
    }
}
