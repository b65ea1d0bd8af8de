import Dispatch
import Gateways
import Glibc
import HTTPWire
import Logging
import Platform
import PublicService
import Store
import Synchronization
import Web

/// What the operator decides about the portal.
public struct PortalSettings: Sendable {
    /// The public site's address as citizens reach it, without a slash at the end.
    public var publicURL: String
    /// Which agency this portal serves.
    public var agency: AgencyCode
    /// Whether the bank is the simulated one: pages say so.
    public var isTrial: Bool
    /// How to reach the payment gateway; nil when fees are paid at the desk only.
    public var merchant: VNPAYMerchant?
    /// What a password's hash must cost at least; cheaper ones are made anew at sign-in.
    public var passwordCost = Scrypt.password
    /// Bytes of memory for forms and JSON beyond the first 64 KB of each, all requests together; more is a 503.
    public var bodyBytes = 64 << 20

    /// Sets them.
    public init(publicURL: String, agency: AgencyCode, isTrial: Bool, merchant: VNPAYMerchant?) {
        self.publicURL = publicURL
        self.agency = agency
        self.isTrial = isTrial
        self.merchant = merchant
    }
}

/// Why the portal cannot start.
public enum PortalStartError: Error, Sendable, CustomStringConvertible {
    /// Sentences are missing.
    case missingMessages([String])
    /// The agency of the settings is not in the catalogue.
    case unknownAgency(String)

    /// For the operator.
    public var description: String {
        switch self {
        case .missingMessages(let keys): "messages.json5 lacks: " + keys.joined(separator: ", ")
        case .unknownAgency(let code): "no agency \(code) in agencies.json5"
        }
    }
}

/// What a portal reads below its resources: it needs no data folder, and can be had before there is one.
public struct PortalParts: Sendable {
    let agency: Agency
    let pages: TemplateSet
    let files: StaticFiles
    let examples: [ProcedureCode: APISubmission]
    let signposts: SignPosts
    let openAPI: [UInt8]

    /// Reads public files and examples below `resources`, and the templates where none are given. Blocks; throws what must
    /// be mended before citizens come, and `PortalStartError`.
    public init(
        _ resources: String, _ catalogue: Catalogue, _ messages: Messages, _ agency: AgencyCode,
        templates: TemplateSet? = nil
    ) throws {
        let missing = messages.missing
        guard missing.isEmpty else { throw PortalStartError.missingMessages(missing) }
        guard let known = catalogue.agencies.first(where: { $0.code == agency }) else {
            throw PortalStartError.unknownAgency(agency.rawValue)
        }
        self.agency = known
        pages = try templates ?? Portal.templates(resources)
        files = try StaticFiles.load(resources + "/Public")
        examples = try ProcedureCases.examples(resources + "/Catalogue", catalogue)
        signposts = try SignPosts.read(resources + "/Catalogue")
        openAPI = try ProcedureCases.bytes(resources + "/Catalogue/openapi.json")
    }
}

/// The face: everything that pages and addresses share. Its parts are made at start and never change.
public final class Portal: Sendable {
    let store: Store
    let catalogue: Catalogue
    let messages: Messages
    let settings: PortalSettings
    let agency: Agency
    let clock: any WallClock
    let logger: Logger
    let pages: TemplateSet
    let files: StaticFiles
    let headers: SecurityHeaders
    let cache: PageCache
    /// What both sites keep of content that is not whole yet.
    let bodies: BodyBudget
    let sessions: Sessions
    let passwords = WorkQueue(name: "passwords", width: 2, backlogLimit: 32)
    let throttles: Throttles
    let readiness = Readiness()
    let sealKey: [UInt8]
    let examples: [ProcedureCode: APISubmission]
    let openAPI: [UInt8]
    let signposts: SignPosts
    /// Set by the program: whether the server's loops turn.
    public let isTurning = HealthSource()

    /// Every template below `resources`, ready to render. Blocks; throws what must be mended before citizens come.
    public static func templates(_ resources: String) throws -> TemplateSet {
        try TemplateLibrary.load(resources + "/Templates/portal").compile(allPages)
    }

    /// Reads everything below `resources`. Blocks; throws as `PortalParts` does.
    public convenience init(
        store: Store, catalogue: Catalogue, messages: Messages, resources: String, settings: PortalSettings,
        clock: any WallClock, logger: Logger
    ) throws {
        try self.init(
            store: store, catalogue: catalogue, messages: messages,
            parts: PortalParts(resources, catalogue, messages, settings.agency), settings: settings, clock: clock,
            logger: logger)
    }

    /// `parts` were read with the same catalogue, messages and agency. Blocks; throws when the folder's secret cannot be read.
    public init(
        store: Store, catalogue: Catalogue, messages: Messages, parts: PortalParts, settings: PortalSettings,
        clock: any WallClock, logger: Logger
    ) throws {
        self.store = store
        self.catalogue = catalogue
        self.messages = messages
        self.settings = settings
        agency = parts.agency
        self.clock = clock
        self.logger = logger
        pages = parts.pages
        files = parts.files
        headers = SecurityHeaders(formTargets: settings.merchant.map { [$0.origin] } ?? [])
        cache = PageCache(headers: headers) { [clock] in LocalMinute(clock.now()).date.dayNumber }
        bodies = BodyBudget(byteLimit: settings.bodyBytes)
        throttles = Throttles()
        sealKey = try store.folder.secret("seal.key")
        examples = parts.examples
        signposts = parts.signposts
        openAPI = parts.openAPI
        sessions = Sessions(
            store: StoredSessions(store: store), lifetime: .staff, now: { [clock] in clock.now().seconds })
    }

    /// Makes the smallest forms of the public files, beside everything else; for after the start, which must not wait.
    public func packFiles() { files.pack() }

    var now: Instant { clock.now() }
    var today: LocalDate { LocalMinute(now).date }

    /// Every page type, so that a template with a name nobody knows is found at start.
    static let allPages: [any Page.Type] =
        readingPages + draftPages + dossierPages + deskPages + slipPages + [MessagePage.self]

    func render<P: Page>(_ page: P, _ status: Status = .ok) -> Response {
        .html(pages.render(page), status)
    }
}

/// How often strangers may try.
struct Throttles: Sendable {
    /// Codes and keys, by address.
    let tracking: Throttle
    /// Digits of a phone, by dossier.
    let phoneTail: Throttle
    /// New drafts and messages, by address.
    let writing: Throttle

    init() {
        let now: @Sendable () -> Double = {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        tracking = Throttle(burst: 15, secondsPerToken: 20, now: now)
        phoneTail = Throttle(burst: 5, secondsPerToken: 600, now: now)
        writing = Throttle(burst: 300, secondsPerToken: 2, now: now)
    }
}

/// A yes or no that the program sets after the portal was made.
public final class HealthSource: Sendable {
    /// In a structure, because a bare closure would be wrapped once more each time it is taken out of the mutex.
    private struct Check: Sendable {
        let isGood: @Sendable () -> Bool
    }

    private let check = Mutex<Check?>(nil)

    /// Sets how to find out.
    public func set(_ check: @escaping @Sendable () -> Bool) { self.check.withLock { $0 = Check(isGood: check) } }

    var isGood: Bool { check.withLock { $0 }?.isGood() ?? true }
}

/// Sessions of officers, with the roles they have now: a disabled account ends at the next request.
struct StoredSessions: SessionKeeping {
    let store: Store

    func load(digest: [UInt8]) async throws -> Session? {
        guard let row = try await store.session(digest), let id = OfficerID(rawValue: row.subject),
            let officer = try await store.officer(id), !officer.isDisabled
        else { return nil }
        return Session(
            digest: digest, subject: row.subject, roles: Set(officer.roles.map(\.rawValue)), csrfSecret: row.csrfSecret,
            startedAt: row.startedAt, seenAt: row.seenAt, values: ["name": officer.name])
    }

    func add(_ session: Session) async throws {
        try await store.add(
            StoredSession(
                digest: session.digest, subject: session.subject, csrfSecret: session.csrfSecret,
                startedAt: session.startedAt, seenAt: session.seenAt))
    }

    func touch(digest: [UInt8], seenAt: Int64) async throws { try await store.touchSession(digest, seenAt: seenAt) }
    func remove(digest: [UInt8]) async throws { try await store.removeSession(digest) }
    func removeAll(of subject: String, except digest: [UInt8]?) async throws {
        try await store.removeSessions(of: subject, except: digest)
    }
}
