import Documents
import Foundation
import HTTP
import HTTPTypes
import Logging
import Storage

/// Does the command line's verbs in the process that holds the data folder: `POST /VERB` on a Unix-domain socket in the folder,
/// which only the folder's user can reach.
final class ControlServer: Sendable {
    private let server: HTTPServer
    private let path: String

    /// Begins to serve. The caller holds the folder's lock, so a socket that is there is a dead process's.
    init(_ database: Database, folder: String, logger: Logger) throws {
        path = Self.path(in: folder)
        server = try HTTPServer(socketPath: path, logger: logger)
        var router = Router()
        for verb in DataVerb.all {
            router.on(.post, "/\(verb.name)") { request in
                let arguments = try JSON(parsing: try await request.body.collect(limit: 1 << 20))
                do {
                    return .json(try verb.perform(arguments, database))
                } catch {
                    return Problem(.conflict, code: "not_done", detail: "\(error)").response()
                }
            }
        }
        server.start { [router] in try await router.respond(to: $0) }
    }

    /// Lets the verb in progress finish, for a while, and takes the socket away.
    func stop() async {
        unlink(path)
        await server.shutdown()
    }

    static func path(in folder: String) -> String {
        URL(fileURLWithPath: folder).appendingPathComponent("control.sock", isDirectory: false).path
    }
}
