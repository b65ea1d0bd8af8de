import FoundationEssentials
import Portal
import PublicService
import SocketServer
import Store

/// Everything that serving needs besides a data folder and addresses: read and checked before a predecessor is asked to stop.
struct Preparation: Sendable {
    let resources: String
    let catalogue: Catalogue
    let messages: Messages
    let agency: AgencyCode
    let parts: PortalParts

    /// Blocks; throws the first mistake.
    static func read(_ configuration: Configuration) async throws -> Preparation {
        let resources = try configuration.resources()
        async let compiling = Portal.templates(resources)
        let folder = resources + "/Catalogue"
        let catalogue = try CatalogueReader.read(folder)
        let messages = Messages(try CatalogueReader.decode([String: String].self, folder, "messages.json5"))
        let agency = try configuration.agency() ?? catalogue.agencies[0].code
        return Preparation(
            resources: resources, catalogue: catalogue, messages: messages, agency: agency,
            parts: try PortalParts(resources, catalogue, messages, agency, templates: try await compiling))
    }
}

extension Program {
    /// Sockets from the service manager, or from the program that serves now.
    func inheritedSockets() throws -> ListeningSockets {
        guard configuration.takesOver else {
            let sockets =
                try ListeningSockets.activated(
                    ProcessInfo.processInfo.environment, listeners: Program.listeners + ["redirect"])
                ?? ListeningSockets([:])
            try checkRedirect(sockets)
            return sockets
        }
        do {
            return try ListenerTakeover.take(from: configuration["data"], onceChecked: checkAddresses)
        } catch let error as SystemCallError {
            throw ConfigurationError(description: "take-over: nobody serves \(configuration["data"]) (\(error))")
        }
    }

    /// The redirect leads to where the public site really listens.
    private func checkRedirect(_ inherited: ListeningSockets) throws {
        try configuration.checkRedirect(
            to: inherited.address(of: Program.listeners[0]) ?? configuration.address(Program.listeners[0]))
    }

    /// Whether the redirect leads somewhere, and what the predecessor did not have can be had.
    private func checkAddresses(_ inherited: ListeningSockets) throws {
        try checkRedirect(inherited)
        let names = Program.listeners + (configuration["redirect"].isEmpty ? [] : ["redirect"])
        for name in names where inherited.address(of: name) == nil {
            let address = try configuration.address(name)
            do throws(SystemCallError) {
                try address.requireFree()
            } catch {
                throw CommandError(description: "\(name): \(error)")
            }
        }
    }
}
