import Testing

/// The arrows of Docs/architecture.md, held to the sources themselves.
@Suite struct RoomTests {
    /// What each room may import beside Glibc, Dispatch and Synchronization.
    static let allowed: [String: Set<String>] = [
        "HTTPWire": [],
        "PublicService": ["FoundationEssentials", "Swift"],
        "Platform": ["CLinux", "COpenSSL", "FoundationEssentials"],
        "SocketServer": ["HTTPWire", "CLinux", "COpenSSL", "Logging", "FoundationEssentials"],
        "Store": ["PublicService", "Platform", "CSQLite", "FoundationEssentials"],
        "Documents": ["PublicService", "CQREncode", "FoundationEssentials"],
        "Gateways": ["PublicService", "Platform", "CCurl", "FoundationEssentials"],
        "Web": ["HTTPWire", "Platform", "CCompression", "FoundationEssentials"],
        "Portal": [
            "Web", "HTTPWire", "PublicService", "Store", "Documents", "Gateways", "Platform", "Logging",
            "FoundationEssentials",
        ],
        "motcua": [
            "Portal", "SocketServer", "Store", "Gateways", "Documents", "Web", "HTTPWire", "PublicService", "Platform",
            "ArgumentParser", "Logging", "FoundationEssentials", "CLinux",
        ],
        "BankSimulator": ["Web", "HTTPWire", "Gateways", "Platform", "PublicService", "FoundationEssentials"],
        "VNPAYBank": [
            "BankSimulator", "SocketServer", "Web", "HTTPWire", "Gateways", "Platform", "PublicService",
            "ArgumentParser", "Logging",
            "FoundationEssentials", "CLinux",
        ],
    ]
    static let everywhere: Set<String> = ["Glibc", "Dispatch", "Synchronization"]

    @Test(arguments: allowed.keys.sorted()) func importsOnlyWhatItsRoomMay(_ room: String) throws {
        let files = try SourceTree.swift("Sources/" + room)
        #expect(!files.isEmpty, "room \(room) is empty")
        let permitted = (RoomTests.allowed[room] ?? []).union(RoomTests.everywhere)
        for file in files {
            for line in file.lines {
                let words = line.split(separator: " ")
                guard let position = words.firstIndex(of: "import"), position <= 1, line.first != " ",
                    words.count > position + 1, !line.hasPrefix("//")
                else { continue }
                let module = String(words[position + 1].split(separator: ".").first ?? "")
                #expect(permitted.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    /// The two hearts neither ask what time it is nor open anything.
    @Test func heartsTouchNothing() throws {
        let forbidden = ["Date()", "Date.now", "FileManager", "URLSession", "socket(", "gettimeofday", "getenv("]
        for file in try SourceTree.swift("Sources/HTTPWire") + SourceTree.swift("Sources/PublicService") {
            for word in forbidden {
                #expect(!file.text.contains(word), "\(file.path) uses \(word)")
            }
        }
    }

    @Test func everyRoomHasItsRule() throws {
        let rooms = Set(try SourceTree.swift("Sources").map { $0.path.split(separator: "/")[1] }.map(String.init))
        #expect(rooms.subtracting(["System"]) == Set(RoomTests.allowed.keys))
    }
}

/// The tour must name every file.
@Suite struct TourTests {
    @Test func theTourNamesEveryFile() throws {
        let tour = try #require(
            try SourceTree.files(under: ["Docs"], extensions: ["md"]).first { $0.path == "Docs/architecture.md" })
        for file in try SourceTree.swift("Sources") {
            let name = file.path.split(separator: "/").last.map(String.init) ?? ""
            #expect(tour.text.contains("`\(name)`"), "Docs/architecture.md has no sentence for \(file.path)")
        }
    }
}
