import Documents
import Foundation
import Logging
import Server
import ServiceSupport
import TestSupport
import Testing

@Test func aVerbIsDoneWithOrWithoutAServer() async throws {
    try await World.with { world in
        let door = DataFolderDoor(path: world.folder.path)
        let made = try door.perform(.createToken, ["name": "with", "scope": "read"])
        #expect(made["scope"]?.text == "read")
        #expect(throws: (any Error).self) { try door.perform(.createToken, ["name": "bad"]) }
    }
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent(String(repeating: "long", count: 40)).path
    _ = try DataFolderDoor(path: path).perform(.createToken, ["name": "without", "scope": "write"])
    let found = try DataFolderDoor(path: path).perform(.listTokens)
    #expect(found["data"]?.elements.compactMap { $0["name"]?.text } == ["without"])
}

@Test func onlyAVerbThatMakesSomethingMakesTheFolder() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent("none").path
    #expect(throws: (any Error).self) { try DataFolderDoor(path: path).perform(.listTokens) }
    #expect(!FileManager.default.fileExists(atPath: path))
}

@Test func onlyTheFoldersUserReachesTheDoor() async throws {
    try await World.with { world in
        let attributes = try FileManager.default.attributesOfItem(atPath: world.folder.appendingPathComponent("control.sock").path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
}

@Test func aDeadServersDoorIsReplaced() async throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("control.sock", [])
    let door = DataFolderDoor(path: folder.url.path)
    _ = try door.perform(.createToken, ["name": "before", "scope": "read"])
    var settings = Configuration()
    settings.port = 0
    settings.dataDir = folder.url.path
    var service: Service? = try Service(settings, logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
    #expect(try door.perform(.listTokens)["data"]?.elements.count == 1)
    await service?.stop()
    service = nil
    #expect(try door.perform(.listTokens)["data"]?.elements.count == 1)
}
