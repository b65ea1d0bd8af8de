import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// Whose resumable uploads are meant, and where they live: a partner's now; anyone with a scope of their own later.
struct UploadOwner: Sendable {
    /// Whom the finished paper belongs to.
    let scope: String
    /// The address under which each upload has its own.
    let path: String
}

/// An unfinished or finished upload as programs get it.
struct APIUpload: Codable {
    let upload: String
    let offset: Int64
    let length: Int64?
    let complete: Bool
    let expiresAt: String
    let file: APIFile?
}

/// A refusal as RFC 9457 shapes it.
struct APIProblem: Encodable {
    let type, title: String
    let status: Int
    var expectedOffset, providedOffset: Int64?

    enum CodingKeys: String, CodingKey {
        case type, title, status
        case expectedOffset = "expected-offset"
        case providedOffset = "provided-offset"
    }
}

extension ResumableRequest {
    /// What the whole must be, if the request says so.
    var contentDigest: ContentDigest? { digest.flatMap { ContentDigest(rawValue: $0.hex) } }
}

/// Uploads that can be gone on with (Docs/decisions/0009): `ResumableState` decides, the store keeps.
extension Portal {
    static let resumableLimits = ResumableLimits(
        fileBytes: UploadLimits.fileBytes, countPerScope: 32, bytesInAll: 2 << 30, lifetimeSeconds: 3 * 86_400)

    /// `Upload-Complete: ?0`: begins an upload with what the request carries, perhaps nothing.
    func beginUpload(_ exchange: Exchange, of owner: UploadOwner, name: String) async throws -> Response {
        let request = ResumableRequest(exchange.head)
        do {
            let length = try ResumableState.begin(request, sizeLimit: UploadLimits.fileBytes)
            let token = try await store.beginUpload(
                scope: owner.scope, name: name, length: length,
                expected: request.contentDigest,
                limits: Portal.resumableLimits, at: now)
            guard let (hold, upload) = try await store.takeUpload(token, scope: owner.scope, at: now) else {
                throw ResumableRefusal.unknown
            }
            do {
                let plan = try state(of: upload).accept(
                    ResumableRequest(
                        offset: 0, isComplete: false, length: length, contentLength: request.contentLength))
                let received = try await receive(exchange.body, into: hold, upload, plan)
                await store.release(hold)
                let address = owner.path + "/" + token
                var response = apiResponse(apiUpload(upload, address, offset: received), .created)
                response.fields.append(.location, address)
                describe(upload, offset: received, in: &response.fields)
                return response
            } catch {
                // Nobody has learnt its address.
                try? await store.removeUpload(hold)
                await store.release(hold)
                throw error
            }
        } catch {
            return try problem(error)
        }
    }

    /// HEAD and GET: how far it is; once finished, what it became.
    func uploadState(_ exchange: Exchange, of owner: UploadOwner) async throws -> Response {
        do {
            let (hold, upload) = try await taken(exchange, owner)
            await store.release(hold)
            var response = apiResponse(apiUpload(upload, exchange.head.path, offset: upload.durable))
            describe(upload, offset: upload.durable, file: upload.file, in: &response.fields)
            return response
        } catch {
            return try problem(error)
        }
    }

    /// PATCH: goes on where it ended; a request that still holds it ends.
    func continueUpload(_ exchange: Exchange, of owner: UploadOwner) async throws -> Response {
        let request = ResumableRequest(exchange.head)
        guard request.isPart else { return try problem(ResumableRefusal.notPartialUpload) }
        do {
            let (hold, upload) = try await taken(exchange, owner)
            do {
                let response = try await add(exchange, request, hold, upload)
                await store.release(hold)
                return response
            } catch {
                await store.release(hold)
                return try problem(error, state(of: upload))
            }
        } catch {
            return try problem(error)
        }
    }

    /// DELETE: forgets it; a paper that it became stays.
    func removeUpload(_ exchange: Exchange, of owner: UploadOwner) async throws -> Response {
        do {
            let (hold, _) = try await taken(exchange, owner)
            do {
                try await store.removeUpload(hold)
                await store.release(hold)
            } catch {
                await store.release(hold)
                throw error
            }
            return Response(.noContent)
        } catch {
            return try problem(error)
        }
    }

    private func taken(_ exchange: Exchange, _ owner: UploadOwner) async throws -> (PartialFile, ResumableUpload) {
        let token = exchange.parameter("upload")
        guard let (hold, upload) = try await store.takeUpload(token, scope: owner.scope, at: now) else {
            throw ResumableRefusal.unknown
        }
        return (hold, upload)
    }

    private func add(
        _ exchange: Exchange, _ request: ResumableRequest, _ hold: PartialFile, _ upload: ResumableUpload
    ) async throws -> Response {
        let plan = try state(of: upload).accept(request)
        let received = try await receive(exchange.body, into: hold, upload, plan)
        let offset = plan.offset + received
        guard try plan.finish(received: received) else {
            var response = Response(.noContent)
            describe(upload, offset: offset, length: plan.length, in: &response.fields)
            return response
        }
        do {
            let file = try await store.finishUpload(hold, upload, at: now)
            // What the whole would have been answered in one request.
            var response = apiResponse(made(file, upload), .created)
            describe(upload, offset: offset, length: offset, file: file, in: &response.fields)
            return response
        } catch let refusal as UploadRefusal {
            var response = apiRefusal("name", "badFileType", messages.say("api.badFileType"))
            if refusal == .empty { response = apiRefusal("content", "emptyFile", messages.say("api.emptyFile")) }
            response.fields.set(.uploadComplete, "?1")
            return response
        }
    }

    /// Lets content flow to the disk. Returns how many bytes came, all of them on the medium then. When the line is cut, or
    /// the disk is full, what came until then is kept; when more comes than was told, the upload is forgotten.
    private func receive(
        _ body: RequestBody, into hold: PartialFile, _ upload: ResumableUpload, _ plan: ResumablePlan
    ) async throws -> Int64 {
        try await store.open(hold, of: upload, length: plan.length)
        var received: Int64 = 0
        while let piece = try await body.next() {
            received += Int64(piece.count)
            do {
                try plan.check(received: received)
            } catch {
                try await store.removeUpload(hold)
                throw error
            }
            try await store.append(piece, to: hold)
        }
        try await store.settle(hold)
        return received
    }

    private func state(of upload: ResumableUpload) -> ResumableState {
        ResumableState(
            offset: upload.durable, length: upload.length, isComplete: upload.file != nil,
            sizeLimit: UploadLimits.fileBytes, secondsLeft: upload.expiresAt.seconds - now.seconds)
    }

    private func made(_ file: StoredFile, _ upload: ResumableUpload) -> APIFile {
        APIFile(name: upload.name, size: file.byteCount, sha256: file.digest.rawValue)
    }

    private func apiUpload(_ upload: ResumableUpload, _ address: String, offset: Int64) -> APIUpload {
        APIUpload(
            upload: address, offset: offset, length: upload.length, complete: upload.file != nil,
            expiresAt: machineTime(upload.expiresAt), file: upload.file.map { made($0, upload) })
    }

    /// The fields of an answer about `upload`, as it stands after the request.
    private func describe(
        _ upload: ResumableUpload, offset: Int64, length: Int64? = nil, file: StoredFile? = nil,
        in fields: inout HeaderFields
    ) {
        var state = state(of: upload)
        state.offset = offset
        state.length = state.length ?? length
        state.isComplete = file != nil
        state.describe(in: &fields)
        // Whoever missed the last answer finds here what it said (RFC 9530 §3).
        if let file { fields.set(.reprDigest, "sha-256=:\(Data(file.digest.bytes).base64EncodedString()):") }
    }

    /// Refusals become problems; everything else is for the error pages.
    func problem(_ error: any Error, _ state: ResumableState? = nil) throws -> Response {
        let refusal: ResumableRefusal
        switch error {
        case let given as ResumableRefusal: refusal = given
        case is UploadSuperseded: refusal = .superseded
        case StoreError.notFound: refusal = .unknown
        case ResumableUploadDefect.tooMany: refusal = .tooManyUnfinished
        case ResumableUploadDefect.wrongDigest: refusal = .wrongDigest
        case ResumableUploadDefect.noRoom: throw Refused(.serviceUnavailable, "uploads full", retryAfterSeconds: 3600)
        default: throw error
        }
        var problem = APIProblem(
            type: refusal.type, title: messages.say("api.upload.\(refusal.name)"), status: refusal.status.code)
        if case .mismatchingOffset(let expected, let provided) = refusal {
            (problem.expectedOffset, problem.providedOffset) = (expected, provided)
        }
        var response = apiResponse(problem, refusal.status)
        response.fields.set(.contentType, "application/problem+json; charset=utf-8")
        refusal.describe(in: &response.fields, state, sizeLimit: UploadLimits.fileBytes)
        if refusal == .wrongDigest { response.fields.set(.uploadComplete, "?1") }
        return response
    }
}
