import HTTPWire

/// Reads a multipart form piece by piece: texts are collected, files go to the sink as they arrive.
struct MultipartFormReader {
    private let exchange: Exchange
    private let rules: FormRules
    private let share: BodyShare
    private var parser: MultipartParser
    private var fields: [Form.Field] = []
    private var files: [UploadedFile] = []
    private var hasToken = false
    private var partCount = 0
    private var textByteCount = 0
    private var part: Part?
    private var sink: (any UploadSink)?

    /// What the part being read is.
    private enum Part {
        case text(name: String, [UInt8])
        case file(OpenFile)
        /// A file field in which nothing was chosen.
        case nothing
    }

    private struct OpenFile {
        let fieldName: String
        let fileName: String
        let contentType: String
        let writer: any UploadWriter
        var byteCount = 0
    }

    init(_ exchange: Exchange, _ rules: FormRules, _ share: BodyShare, _ parser: MultipartParser) {
        self.exchange = exchange
        self.rules = rules
        self.share = share
        self.parser = parser
    }

    /// The form. When anything fails, every file taken so far is given back.
    mutating func read() async throws -> Form {
        do {
            var byteCount = 0
            while let piece = try await exchange.body.next() {
                byteCount += piece.count
                guard byteCount <= rules.bodyLimit else { throw Refused(.contentTooLarge, "the form is too long") }
                for event in try parser.feed(piece) { try await take(event) }
            }
            try parser.finish()
            try requireToken()
            return Form(fields: fields, files: files)
        } catch {
            await giveBack()
            if let defect = error as? MultipartParser.Defect { throw Refused(.badRequest, "multipart: \(defect)") }
            throw error
        }
    }

    private mutating func take(_ event: MultipartParser.Event) async throws {
        switch event {
        case .begin(let head): try await begin(head)
        case .content(let bytes): try await add(bytes)
        case .end: try await end()
        }
    }

    private mutating func begin(_ head: MultipartParser.PartHead) async throws {
        partCount += 1
        guard partCount <= rules.fieldLimit + (rules.uploads?.fileLimit ?? 0) + 1 else {
            throw Refused(.contentTooLarge, "too many fields")
        }
        guard let fileName = head.fileName else {
            part = .text(name: head.name, [])
            return
        }
        guard !fileName.isEmpty else {
            part = .nothing
            return
        }
        // The token stands first in every form of ours: nothing is stored for a stranger's page.
        try requireToken()
        guard let uploads = rules.uploads, files.count < uploads.fileLimit else {
            throw Refused(.contentTooLarge, "too many files")
        }
        let sink = self.sink ?? uploads.sink(exchange)
        self.sink = sink
        let cleaned = FileName.cleaned(fileName)
        let type = head.contentType ?? "application/octet-stream"
        let writer = try await sink.begin(fieldName: head.name, fileName: cleaned, contentType: type)
        part = .file(OpenFile(fieldName: head.name, fileName: cleaned, contentType: type, writer: writer))
    }

    private mutating func add(_ bytes: [UInt8]) async throws {
        switch part {
        case .text(let name, var text):
            part = nil
            try share.take(bytes.count)
            text += bytes
            textByteCount += bytes.count
            guard text.count <= rules.valueByteLimit, textByteCount <= rules.textByteLimit else {
                throw Refused(.contentTooLarge, "a field is too long")
            }
            part = .text(name: name, text)
        case .file(var file):
            file.byteCount += bytes.count
            guard file.byteCount <= rules.uploads?.fileByteLimit ?? 0 else {
                throw Refused(.contentTooLarge, "a file is too large")
            }
            part = .file(file)
            try await file.writer.write(bytes)
        case .nothing, nil:
            throw Refused(.badRequest, "content without a file name")
        }
    }

    private mutating func end() async throws {
        switch part {
        case .text(let name, let bytes):
            if name == CSRFToken.fieldName {
                try FormReader.checkToken(String(decoding: bytes, as: UTF8.self), exchange)
                hasToken = true
            } else {
                fields.append(try FormReader.field(name, bytes))
            }
        case .file(let file):
            let kept = try await file.writer.finish()
            files.append(
                UploadedFile(
                    fieldName: file.fieldName, fileName: file.fileName, contentType: file.contentType,
                    byteCount: file.byteCount, kept: kept))
        case .nothing, nil:
            break
        }
        part = nil
    }

    private mutating func requireToken() throws(Refused) {
        if !hasToken { try FormReader.checkToken(nil, exchange) }
        hasToken = true
    }

    private func giveBack() async {
        if case .file(let file) = part { await file.writer.abandon() }
        for file in files { await sink?.discard(file.kept) }
    }
}
