import COpenSSL
import Glibc

/// Where a certificate lies.
public struct CertificateFiles: Sendable, Hashable {
    /// PEM: the certificate, then its issuers.
    public let chain: String
    /// PEM: its private key, without a passphrase, not readable by everybody.
    public let key: String

    /// Names the two files; nothing is read yet.
    public init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }
}

/// A certificate with its issuers and its key, which belong together.
final class CertificateChain: @unchecked Sendable {
    // Guard: written by init only; OpenSSL counts the references to what the pointers name and reads it.
    let files: CertificateFiles
    private(set) var certificate: OpaquePointer?
    private(set) var issuers: OpaquePointer?
    private(set) var key: OpaquePointer?

    /// Reads both files. Throws which one is wrong, and why.
    init(_ files: CertificateFiles) throws(TLSError) {
        self.files = files
        try readCertificates()
        try readKey()
        guard X509_check_private_key(certificate, key) == 1 else {
            throw .mismatch(certificate: files.chain, key: files.key)
        }
    }

    deinit {
        X509_free(certificate)
        while let issuer = OPENSSL_sk_pop(issuers) { X509_free(OpaquePointer(issuer)) }
        OPENSSL_sk_free(issuers)
        EVP_PKEY_free(key)
    }

    /// `RSA`, `EC`, …: a name may have one certificate of each.
    var keyKind: String { key.flatMap { EVP_PKEY_get0_type_name($0) }.map { String(cString: $0) } ?? "" }

    /// The DNS names of the subject (RFC 5280 §4.2.1.6) in lower case, wildcards as they stand.
    var names: [String] {
        guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let stack = OpaquePointer(found)
        defer { GENERAL_NAMES_free(stack) }
        var names: [String] = []
        for index in 0..<OPENSSL_sk_num(stack) {
            guard let entry = OPENSSL_sk_value(stack, index) else { continue }
            var kind: Int32 = 0
            let value = GENERAL_NAME_get0_value(entry.assumingMemoryBound(to: GENERAL_NAME.self), &kind)
            guard kind == GEN_DNS, let text = value?.assumingMemoryBound(to: ASN1_STRING.self) else { continue }
            let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
            let name = String(decoding: bytes, as: UTF8.self).lowercased()
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// What the operator should know though it can be used: sentences for the log.
    var warnings: [String] {
        var found: [String] = []
        let (start, end) = (X509_get0_notBefore(certificate), X509_get0_notAfter(certificate))
        if X509_cmp_current_time(start) > 0 { found.append("the certificate in \(files.chain) is not valid yet") }
        let (left, whole) = (
            CertificateChain.seconds(from: nil, to: end), CertificateChain.seconds(from: start, to: end)
        )
        if left <= 0 {
            found.append("the certificate in \(files.chain) has expired")
        } else if left < whole / 10 {
            found.append("the certificate in \(files.chain) expires within \(left / 86_400 + 1) days")
        }
        let issuer = OPENSSL_sk_value(issuers, 0).map { OpaquePointer($0) } ?? certificate
        if X509_check_issued(issuer, certificate) != X509_V_OK {
            found.append("\(files.chain) has no issuer after its certificate: only clients that know it will trust it")
        }
        return found
    }

    /// Between two times; nil is now.
    private static func seconds(from start: UnsafePointer<ASN1_TIME>?, to end: UnsafePointer<ASN1_TIME>?) -> Int {
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, start, end) == 1 else { return 0 }
        return Int(days) * 86_400 + Int(seconds)
    }

    private func readCertificates() throws(TLSError) {
        let source = try CertificateChain.open(files.chain, isSecret: false)
        defer { BIO_free(source) }
        ERR_clear_error()
        certificate = PEM_read_bio_X509_AUX(source, nil, refusePassphrase, nil)
        issuers = OPENSSL_sk_new_null()
        guard certificate != nil, issuers != nil else { throw .noCertificate(file: files.chain) }
        while let issuer = PEM_read_bio_X509(source, nil, refusePassphrase, nil) {
            OPENSSL_sk_push(issuers, UnsafeRawPointer(issuer))
        }
        // Reading ends where no further certificate begins; anything else is a broken one.
        guard ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE else {
            throw .noCertificate(file: files.chain)
        }
        ERR_clear_error()
    }

    private func readKey() throws(TLSError) {
        let source = try CertificateChain.open(files.key, isSecret: true)
        defer { BIO_free(source) }
        var isProtected = false
        key = withUnsafeMutablePointer(to: &isProtected) { PEM_read_bio_PrivateKey(source, nil, refusePassphrase, $0) }
        ERR_clear_error()
        if isProtected { throw .protectedKey(file: files.key) }
        guard key != nil else { throw .noKey(file: files.key) }
    }

    private static func open(_ file: String, isSecret: Bool) throws(TLSError) -> OpaquePointer {
        guard let stream = fopen(file, "re") else {
            throw .unreadable(file: file, reason: String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(fileno(stream), &status) == 0, !isSecret || status.st_mode & 0o007 == 0 else {
            fclose(stream)
            throw .exposedKey(file: file)
        }
        guard let source = BIO_new_fp(stream, BIO_CLOSE) else {
            fclose(stream)
            throw .library
        }
        return source
    }
}

/// Stands where OpenSSL would ask at the terminal; remembers that it asked.
private let refusePassphrase:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
        { _, _, _, asked in
            asked?.storeBytes(of: true, as: Bool.self)
            return -1
        }
