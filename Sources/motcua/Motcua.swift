import ArgumentParser

/// The program: every command an operator has.
@main
struct Motcua: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "motcua",
        abstract: "Public-service portal and one-stop desk of a commune: one executable, one data folder.",
        subcommands: [ImportProcedures.self, CheckCatalogue.self])
}
