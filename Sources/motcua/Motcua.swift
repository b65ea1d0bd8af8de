import ArgumentParser

/// The program: every command an operator has.
@main
struct Motcua: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "motcua",
        abstract: "Public-service portal and one-stop desk of a commune: one executable, one data folder.",
        version: Version.number,
        subcommands: [
            Serve.self, CheckCatalogue.self, CheckConfig.self, CreateOfficer.self, Backup.self, Restore.self,
            Verify.self,
            RebuildProjections.self, ImportProcedures.self, Version.self,
        ])

    static func main() async {
        await withTaskExecutorPreference(ProgramExecutor.shared) { await main(nil) }
    }
}
