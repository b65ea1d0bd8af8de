import FoundationEssentials
import PublicService
import Store
import Web

/// What became of one uploaded file.
enum UploadOutcome: Sendable {
    case stored(StoredFile)
    /// Its bytes or name are not taken.
    case refused(UploadRefusal)
    /// Larger than a file may be; the rest was not kept.
    case tooLarge
}

/// Limits of uploads (security requirement 28): 10 MB a file, 20 files and 50 MB a dossier.
enum UploadLimits {
    static let fileBytes: Int64 = 10 << 20
    static let files = 20
    static let totalBytes: Int64 = 50 << 20

    static func rules(_ store: Store) -> FormRules {
        // A body may be larger than what is taken, so that the person gets a sentence beside the field, not a 413.
        FormRules(
            bodyLimit: 64 << 20,
            uploads: UploadRules(fileLimit: files, fileByteLimit: 64 << 20) { _ in
                AttachmentSink(store: store.attachments)
            })
    }
}

/// Lets files flow into the attachment store as they arrive.
struct AttachmentSink: UploadSink {
    let store: AttachmentStore

    func begin(fieldName: String, fileName: String, contentType: String) async throws -> any UploadWriter {
        AttachmentWriter(store: store, file: try await store.begin(), name: fileName)
    }

    /// Contents are shared by digest and may belong to others; what no event names is found by a later sweep.
    func discard(_ kept: any Sendable) async {}
}

private actor AttachmentWriter: UploadWriter {
    let store: AttachmentStore
    let file: PendingFile
    let name: String
    var byteCount: Int64 = 0

    init(store: AttachmentStore, file: PendingFile, name: String) {
        self.store = store
        self.file = file
        self.name = name
    }

    func write(_ bytes: [UInt8]) async throws {
        byteCount += Int64(bytes.count)
        guard byteCount <= UploadLimits.fileBytes else { return }
        try await store.append(bytes, to: file)
    }

    func finish() async throws -> any Sendable {
        guard byteCount <= UploadLimits.fileBytes else {
            await store.abandon(file)
            return UploadOutcome.tooLarge
        }
        do {
            return UploadOutcome.stored(try await store.finish(file, name: name))
        } catch let refusal as UploadRefusal {
            return UploadOutcome.refused(refusal)
        }
    }

    func abandon() async { await store.abandon(file) }
}

extension Portal {
    /// The uploaded files as papers; the sentences of those that are not taken, all at once.
    func papers(_ files: [UploadedFile], paper: String) -> (taken: [Attachment], problems: [String]) {
        var taken: [Attachment] = []
        var problems: [String] = []
        for file in files {
            switch file.kept as? UploadOutcome {
            case .stored(let stored):
                taken.append(
                    Attachment(
                        paper: paper, name: file.fileName.composed,
                        contentType: stored.contentType, byteCount: stored.byteCount,
                        digest: stored.digest))
            case .refused(.unknownType): problems.append(messages.say("upload.unknownType", ["name": file.fileName]))
            case .refused(.nameDisagrees):
                problems.append(messages.say("upload.nameDisagrees", ["name": file.fileName]))
            case .refused(.empty): problems.append(messages.say("upload.empty", ["name": file.fileName]))
            case .refused(.tooLarge), .tooLarge, nil:
                problems.append(
                    messages.say(
                        "upload.tooLarge", ["name": file.fileName, "limit": messages.size(UploadLimits.fileBytes)]))
            }
        }
        return (taken, problems)
    }
}
