import Foundation
import Hummingbird
import Logging

/// Answers `GET /v1/jobs/:id` with the bytes of a file, as pruner does out of its store: the least that Hummingbird can do for it.
///
///     hummingbird-peer PORT FILE
@main
struct HummingbirdPeer {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[1]) else {
            FileHandle.standardError.write(Data("usage: hummingbird-peer PORT FILE\n".utf8))
            exit(64)
        }
        let json = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[2])))
        let router = Router()
        router.get("/v1/jobs/:id") { _, context in
            _ = try context.parameters.require("id")
            return Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: json))
        }
        var logger = Logger(label: "hummingbird-peer")
        logger.logLevel = .warning
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
        try await application.runService()
    }
}
