import HTTPWire
import PublicService
import Store
import Web

/// Partner systems send papers ahead of the dossier that names them.
extension Portal {
    private static let uploadsPath = "/api/v1/uploads"

    func addPartnerUploads(to routes: inout Routes) {
        let one = Portal.uploadsPath + "/{upload}"
        // A body may be longer than a file: the answer then names the limit.
        let bodyLimit = 64 << 20
        routes.program(.options, Portal.uploadsPath, bodyLimit: 0) { _ in Portal.uploadOptions }
        routes.program(.post, Portal.uploadsPath, access: .partner, bodyLimit: bodyLimit) { [self] in
            try await upload($0)
        }
        routes.program(.get, one, access: .partner, bodyLimit: 0) { [self] in
            try await uploadState($0, of: try owner($0))
        }
        routes.program(.patch, one, access: .partner, bodyLimit: bodyLimit) { [self] in
            try await continueUpload($0, of: try owner($0))
        }
        routes.program(.delete, one, access: .partner, bodyLimit: 0) { [self] in
            try await removeUpload($0, of: try owner($0))
        }
    }

    private func owner(_ exchange: Exchange) throws(Refused) -> UploadOwner {
        guard let partner = exchange.partner else { throw Refused(.unauthorized, "no partner") }
        return UploadOwner(scope: "partner:\(partner)", path: Portal.uploadsPath)
    }

    /// The content as it is, streamed to the disk: whole, or the beginning of an upload that can be gone on with.
    private func upload(_ exchange: Exchange) async throws -> Response {
        let owner = try owner(exchange)
        guard let name = exchange.query["name"].flatMap({ try? TypedText.line($0, limit: 120) }) else {
            return apiRefusal("name", "badFileName", messages.say("api.badFileName"))
        }
        let request = ResumableRequest(exchange.head)
        if request.isComplete == false { return try await beginUpload(exchange, of: owner, name: name) }
        do {
            _ = try ResumableState.begin(request, sizeLimit: UploadLimits.fileBytes)
        } catch {
            return try problem(error)
        }
        let file = try await store.attachments.begin(limit: UploadLimits.fileBytes)
        do {
            while let piece = try await exchange.body.next() { try await store.attachments.append(piece, to: file) }
            let stored = try await store.attachments.finish(file, name: name, expected: request.contentDigest)
            try await store.addUpload(stored, scope: owner.scope, at: now)
            return apiResponse(APIFile(name: name, size: stored.byteCount, sha256: stored.digest.rawValue), .created)
        } catch UploadRefusal.tooLarge {
            await store.attachments.abandon(file)
            return try problem(ResumableRefusal.tooLarge)
        } catch let defect as ResumableUploadDefect {
            await store.attachments.abandon(file)
            return try problem(defect)
        } catch {
            await store.attachments.abandon(file)
            guard error is UploadRefusal else { throw error }
            return apiRefusal("name", "badFileType", messages.say("api.badFileType"))
        }
    }

    /// Says that uploads can be gone on with, and how large they may be.
    private static var uploadOptions: Response {
        var response = Response(.noContent)
        response.fields.append(.allow, "POST, OPTIONS")
        response.fields.append(.acceptPatch, ResumableRequest.mediaType)
        response.fields.append(
            .uploadLimit, "max-size=\(resumableLimits.fileBytes), max-age=\(resumableLimits.lifetimeSeconds)")
        return response
    }
}
