import ArgumentParser
import Foundation

/// Which server a command speaks to.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server (default: PRUNER_URL, else http://127.0.0.1:8080).") var url: String?
    @Option(help: "A file with the access token (default: the token in PRUNER_TOKEN).", completion: .file()) var tokenFile: String?

    private static let defaultURL = "http://127.0.0.1:8080"

    /// - Throws: ``CommandFailure``.
    func client(_ screen: Screen) throws -> ServiceClient {
        try Self.client(url: url, tokenFile: tokenFile) { screen.note($0) }
    }

    private static func client(url: String?, tokenFile: String?, note: @escaping (String) -> Void) throws -> ServiceClient {
        let environment = ProcessInfo.processInfo.environment
        let set = environment["PRUNER_URL"].flatMap { $0.isEmpty ? nil : $0 }
        return ServiceClient(
            base: url ?? set ?? defaultURL, token: try token(tokenFile, environment["PRUNER_TOKEN"]), note: note)
    }

    private static func token(_ path: String?, _ variable: String?) throws -> String? {
        let text: String
        if let path {
            guard let found = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw CommandFailure(.usage, "--token-file: \(path) cannot be read")
            }
            text = found
        } else {
            text = variable ?? ""
        }
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandFailure(.usage, "\(path ?? "PRUNER_TOKEN"): a token is one word")
        }
        return token.isEmpty ? nil : token
    }

    /// Jobs' identifiers, newest first, for the shell to complete; none where the server does not answer at once.
    static let jobs = CompletionKind.custom { words, _, _ in identifiers(["jobs"], words) }
    /// Identifiers of what can be downloaded.
    static let downloads = CompletionKind.custom { words, _, _ in identifiers(["jobs", "checkpoints"], words) }

    private static func identifiers(_ kinds: [String], _ words: [String]) -> [String] {
        func value(_ option: String) -> String? {
            words.firstIndex(of: option).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        }
        guard let client = try? client(url: value("--url"), tokenFile: value("--token-file"), note: { _ in }) else { return [] }
        client.hurry(seconds: 2)
        return kinds.flatMap { kind -> [String] in
            guard case .array(let items) = (try? client.get("/v1/\(kind)?limit=100"))?["data"] else { return [] }
            return items.compactMap { $0["id"]?.word }
        }
    }
}
