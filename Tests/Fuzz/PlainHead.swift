/// A request head read the plain way: cut into lines and words, which are compared with sets of letters. It shares nothing
/// with the parser, whose one walk over words of eight bytes must find the same.
struct PlainHead {
    var method = ""
    var path = ""
    var query: String?
    var minorVersion = 1
    var fields: [(name: String, value: String)] = []
    var byteCount = 0
    /// -1 for chunked.
    var length: Int64 = 0
    var keepAlive = true
    var expectsContinue = false

    enum Outcome {
        case incomplete
        case refused(Int)
        case read(PlainHead)
    }

    private struct Refused: Error { let status: Int }

    private static let digits = Set("0123456789".utf8)
    private static let hexadecimal = digits.union("abcdefABCDEF".utf8)
    private static let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    private static let token = letters.union(digits).union("!#$%&'*+-.^_`|~".utf8)
    private static let blank = Set(" \t".utf8)
    private static let visible = Set(UInt8(0x21)...0x7E)
    private static let inTarget = visible.subtracting("\"#<>".utf8)
    private static let inPath = inTarget.subtracting("\\?".utf8)

    static func read(_ bytes: [UInt8]) -> Outcome {
        do {
            var head = PlainHead()
            guard let lines = try head.cut(bytes) else { return .incomplete }
            let authority = try head.takeRequestLine(lines[0])
            for line in lines.dropFirst() { try head.takeField(line) }
            try head.judge()
            if let authority {
                let place = head.fields.firstIndex { $0.name.lowercased() == "host" }
                if let place { head.fields[place].value = authority } else { head.fields.append(("Host", authority)) }
            }
            return .read(head)
        } catch {
            return .refused((error as? Refused)?.status ?? 0)
        }
    }

    /// The lines without their ends; nil without an empty one.
    private mutating func cut(_ bytes: [UInt8]) throws -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            guard byte == 0x0A else {
                line.append(byte)
                continue
            }
            guard line.popLast() == 0x0D else { throw Refused(status: 400) }
            if line.isEmpty, !lines.isEmpty {
                byteCount = index + 1
                return lines
            }
            if line.isEmpty {
                guard index == 1 else { throw Refused(status: 400) }
            } else {
                lines.append(line)
                line = []
            }
        }
        return nil
    }

    /// Returns the authority that the target names.
    private mutating func takeRequestLine(_ line: [UInt8]) throws -> String? {
        let words = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false).map(Array.init)
        guard words.count > 1, !words[0].isEmpty, PlainHead.token.isSuperset(of: words[0]) else {
            throw Refused(status: 400)
        }
        guard words[0].count <= 32 else { throw Refused(status: 501) }
        guard words.count == 3, !words[1].isEmpty else { throw Refused(status: 400) }
        method = text(words[0])
        let version = words[2]
        guard version.count == 8, text(Array(version[..<5])) == "HTTP/", version[6] == UInt8(ascii: "."),
            PlainHead.digits.contains(version[5]), PlainHead.digits.contains(version[7])
        else { throw Refused(status: 400) }
        guard version[5] == UInt8(ascii: "1") else { throw Refused(status: 505) }
        minorVersion = version[7] == UInt8(ascii: "0") ? 0 : 1
        guard method != "CONNECT" else { throw Refused(status: 501) }
        return try takeTarget(words[1])
    }

    private mutating func takeTarget(_ target: [UInt8]) throws -> String? {
        if target == Array("*".utf8) {
            guard method == "OPTIONS" else { throw Refused(status: 400) }
            path = "*"
            return nil
        }
        if target.first == UInt8(ascii: "/") {
            try takePath(target)
            return nil
        }
        for scheme in ["http://", "https://"] where lower(text(Array(target.prefix(scheme.utf8.count)))) == scheme {
            let rest = Array(target.dropFirst(scheme.utf8.count))
            let authority = Array(rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
            guard PlainHead.isHost(authority) else { throw Refused(status: 400) }
            try takePath(Array(rest.dropFirst(authority.count)))
            if path.isEmpty { path = "/" }
            return text(authority)
        }
        throw Refused(status: 400)
    }

    private mutating func takePath(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard PlainHead.inPath.isSuperset(of: parts.first ?? []),
            PlainHead.inTarget.isSuperset(of: parts.dropFirst().joined())
        else { throw Refused(status: 400) }
        path = text(Array(parts.first ?? []))
        query = parts.count == 2 ? text(Array(parts[1])) : nil
    }

    private mutating func takeField(_ line: [UInt8]) throws {
        let name = Array(line.prefix { $0 != UInt8(ascii: ":") })
        guard name.count < line.count, !name.isEmpty, PlainHead.token.isSuperset(of: name) else {
            throw Refused(status: 400)
        }
        var value = line.dropFirst(name.count + 1)
        while let first = value.first, PlainHead.blank.contains(first) { value.removeFirst() }
        while let last = value.last, PlainHead.blank.contains(last) { value.removeLast() }
        guard value.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else { throw Refused(status: 400) }
        fields.append((text(name), text(Array(value))))
    }

    private mutating func judge() throws {
        let hosts = values("host")
        guard hosts.count == 1 || hosts.isEmpty && minorVersion == 0,
            hosts.allSatisfy({ PlainHead.isHost(Array($0.utf8)) })
        else { throw Refused(status: 400) }
        try judgeLength()
        let options = elements("connection")
        keepAlive = !options.contains("close") && (minorVersion == 1 || options.contains("keep-alive"))
        guard minorVersion == 1, !values("expect").isEmpty else { return }
        let expected = Set(elements("expect"))
        guard expected == ["100-continue"] else { throw Refused(status: 417) }
        expectsContinue = length != 0
    }

    private mutating func judgeLength() throws {
        let lengths = values("content-length")
        let codings = values("transfer-encoding")
        if !codings.isEmpty {
            guard minorVersion == 1, lengths.isEmpty else { throw Refused(status: 400) }
            let names = codings.flatMap { value in
                value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
                    lower(strip(text(Array($0))))
                }
            }
            guard !names.contains(""), names.last == "chunked", names.filter({ $0 == "chunked" }).count == 1 else {
                throw Refused(status: 400)
            }
            guard names.count == 1 else { throw Refused(status: 501) }
            length = -1
        } else if !lengths.isEmpty {
            guard lengths.count == 1, !lengths[0].isEmpty, PlainHead.digits.isSuperset(of: lengths[0].utf8) else {
                throw Refused(status: 400)
            }
            guard lengths[0].utf8.count <= 18, let count = Int64(lengths[0]) else { throw Refused(status: 413) }
            length = count
        }
    }

    private func values(_ name: String) -> [String] { fields.filter { lower($0.name) == name }.map(\.value) }

    /// Commas inside of quoted strings do not separate.
    private func elements(_ name: String) -> [String] {
        var found: [String] = []
        for value in values(name) {
            var element: [UInt8] = []
            var isQuoted = false
            var isEscaped = false
            for byte in value.utf8 {
                if byte == UInt8(ascii: ","), !isQuoted {
                    found.append(text(element))
                    element = []
                    continue
                }
                element.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = isQuoted
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted.toggle()
                }
            }
            found.append(text(element))
        }
        return found.map { lower(strip($0)) }.filter { !$0.isEmpty }
    }

    private func lower(_ value: String) -> String {
        text(value.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 })
    }

    private func strip(_ value: String) -> String {
        var bytes = Array(value.utf8)[...]
        while let first = bytes.first, PlainHead.blank.contains(first) { bytes.removeFirst() }
        while let last = bytes.last, PlainHead.blank.contains(last) { bytes.removeLast() }
        return text(Array(bytes))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Eight groups of up to four digits, or fewer with one "::" among them; an IPv4 address may stand for the last two.
    private static func isSix(_ bytes: [UInt8]) -> Bool {
        let halves = String(decoding: bytes, as: UTF8.self).split(separator: "::", omittingEmptySubsequences: false)
        var count = 0
        for (number, half) in halves.enumerated() where !half.isEmpty {
            let groups = half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, group) in groups.enumerated() {
                let isLast = number == halves.count - 1 && place == groups.count - 1
                if isLast, group.contains(".") {
                    guard isFour(group) else { return false }
                    count += 2
                } else {
                    guard (1...4).contains(group.utf8.count), hexadecimal.isSuperset(of: group.utf8) else {
                        return false
                    }
                    count += 1
                }
            }
        }
        return halves.count == 1 ? count == 8 : halves.count == 2 && count < 8
    }

    private static func isFour(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && digits.isSuperset(of: part.utf8)
                    && (part == "0" || part.first != "0")
                    && (UInt16(part) ?? 256) < 256
            }
    }

    private static func isHost(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 261 else { return false }
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "[") {
            guard let close = rest.firstIndex(of: UInt8(ascii: "]")), isSix(Array(rest[1..<close])) else {
                return false
            }
            rest = rest[(close + 1)...]
        } else {
            let name = rest.prefix { letters.union(digits).union("-._".utf8).contains($0) }
            guard !name.isEmpty else { return false }
            rest = rest.dropFirst(name.count)
        }
        guard let colon = rest.popFirst() else { return true }
        return colon == UInt8(ascii: ":") && rest.count <= 5 && digits.isSuperset(of: rest)
    }
}
