import ArgumentParser
import Documents
import Foundation
import Storage

/// `pruner token create|list|revoke`: who may use the service.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes access tokens, also while the server runs.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a token and prints its secret, which is told only now.")

        @OptionGroup var folder: DataFolderOptions
        @Option(help: "What the token is called in lists.") var name: String
        @Option(help: "read (GET and HEAD) or write (everything).") var scope: AccessToken.Scope = .write
        @Option(help: "The largest upload: bytes, or with K, M or G.") var maxUpload: MemorySize?
        @Option(help: "The most that its bearer may have stored: bytes, or with K, M or G.") var maxStored: MemorySize?
        @Option(help: "The most jobs that its bearer may have waiting.") var maxQueuedJobs: Int?

        func validate() throws {
            guard (1...200).contains(name.utf8.count) else { throw ValidationError("--name must have 1 to 200 bytes") }
            guard maxQueuedJobs ?? 0 >= 0 else { throw ValidationError("--max-queued-jobs must not be negative") }
        }

        func run() throws {
            let token = try folder.door().perform(
                .createToken,
                [
                    "name": .string(name), "scope": .string(scope.rawValue), "max_upload_bytes": .optional(maxUpload.map { Int($0.bytes) }),
                    "max_stored_bytes": .optional(maxStored.map { Int($0.bytes) }), "max_queued_jobs": .optional(maxQueuedJobs),
                ])
            print(token.pretty, terminator: "")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the tokens, without their secrets.")

        @OptionGroup var folder: DataFolderOptions

        func run() throws { print(try folder.door().perform(.listTokens).pretty, terminator: "") }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a token worthless, at once.")

        @OptionGroup var folder: DataFolderOptions
        @Argument(help: "The token's id, tok_…") var id: String

        func run() throws { print(try folder.door().perform(.revokeToken, ["id": .string(id)]).pretty, terminator: "") }
    }
}

extension AccessToken.Scope: ExpressibleByArgument {}
