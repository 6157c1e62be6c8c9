import Foundation
import ServiceSupport
import Testing

/// What of the tus protocol is no request, or not one for this upload, is refused, and the upload stays as it is.
@Suite struct RefusedResumableUploadTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        var path = "/v1/uploads"
        let headers: [String: String]
        var body = ""
        let status: Int
        let code: String
    }

    static let refused = [
        Refused(testDescription: "no version", method: "POST", headers: ["Upload-Length": "3"], status: 412, code: "tus_version"),
        Refused(
            testDescription: "another version", method: "POST", headers: ["Tus-Resumable": "0.2.2", "Upload-Length": "3"], status: 412,
            code: "tus_version"),
        Refused(
            testDescription: "no length", method: "POST", headers: ["Tus-Resumable": "1.0.0"], status: 400, code: "invalid_upload_length"),
        Refused(
            testDescription: "a signed length", method: "POST", headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "+3"], status: 400,
            code: "invalid_upload_length"),
        Refused(
            testDescription: "a length beyond all numbers", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "99999999999999999999"], status: 400, code: "invalid_upload_length"),
        Refused(
            testDescription: "a length beyond the limit", method: "POST", headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "8388609"],
            status: 413, code: "body_too_large"),
        Refused(
            testDescription: "metadata that is not base64", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": "name ?"], status: 400,
            code: "invalid_upload_metadata"),
        Refused(
            testDescription: "metadata with a key twice", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": "a YQ==,a YQ=="], status: 400,
            code: "invalid_upload_metadata"),
        Refused(
            testDescription: "a body of another type", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Content-Type": "text/plain"], body: "abc", status: 415,
            code: "unsupported_media_type"),
        Refused(
            testDescription: "a body that is too long", method: "POST",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Length": "3", "Content-Type": "application/offset+octet-stream"], body: "abcd",
            status: 413, code: "body_too_large"),
        Refused(
            testDescription: "a piece at another offset", method: "PATCH", path: "",
            headers: World.piece.merging(["Upload-Offset": "1"]) { $1 }, body: "abc", status: 409, code: "wrong_offset"),
        Refused(
            testDescription: "a piece without an offset", method: "PATCH", path: "", headers: World.piece, body: "abc", status: 400,
            code: "invalid_upload_offset"),
        Refused(
            testDescription: "a piece that is too long", method: "PATCH", path: "",
            headers: World.piece.merging(["Upload-Offset": "0"]) { $1 },
            body: "abcdefghijk", status: 413, code: "body_too_large"),
        Refused(
            testDescription: "a piece of another type", method: "PATCH", path: "",
            headers: ["Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/octet-stream"], body: "abc", status: 415,
            code: "unsupported_media_type"),
        Refused(
            testDescription: "an unknown checksum", method: "PATCH", path: "",
            headers: World.piece.merging(["Upload-Offset": "0", "Upload-Checksum": "crc32 AAAA"]) { $1 }, body: "abc", status: 400,
            code: "invalid_checksum"),
        Refused(
            testDescription: "a checksum that is no base64", method: "PATCH", path: "",
            headers: World.piece.merging(["Upload-Offset": "0", "Upload-Checksum": "sha1 ?"]) { $1 }, body: "abc", status: 400,
            code: "invalid_checksum"),
        Refused(
            testDescription: "a checksum that is too long", method: "PATCH", path: "",
            headers: World.piece.merging(["Upload-Offset": "0", "Upload-Checksum": "sha1 \(Data(count: 21).base64EncodedString())"]) { $1 },
            body: "abc", status: 460, code: "checksum_mismatch"),
        Refused(
            testDescription: "a checksum that is too short", method: "PATCH", path: "",
            headers: World.piece.merging(["Upload-Offset": "0", "Upload-Checksum": "sha256 \(Data(count: 20).base64EncodedString())"]) {
                $1
            },
            body: "abc", status: 460, code: "checksum_mismatch"),
        Refused(
            testDescription: "a piece of nothing", method: "PATCH", path: "/v1/uploads/upl_none",
            headers: World.piece.merging(["Upload-Offset": "0"]) { $1 }, body: "abc", status: 404, code: "not_found"),
        Refused(
            testDescription: "an unknown override", method: "POST", path: "",
            headers: ["Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "GET"], status: 405, code: "method_not_allowed"),
    ]

    @Test(arguments: refused) func aWrongRequestIsRefused(request: Refused) async throws {
        try await World.with { world in
            let path = try await world.begun(length: 10)
            let files = try world.filesLeft()
            let answer = try await world.send(
                request.method, request.path.isEmpty ? path : request.path, body: Data(request.body.utf8),
                type: request.headers["Content-Type"] ?? "", headers: request.headers)
            #expect(answer.status == request.status)
            #expect(answer.code == request.code)
            #expect(answer.status == 405 || answer.headers["tus-resumable"] == "1.0.0")
            #expect(answer.status != 412 || answer.headers["tus-version"] == "1.0.0")
            // Where to go on, so that the client need not ask.
            #expect(answer.headers["upload-offset"] == (answer.status == 409 ? "0" : nil))
            #expect(try await world.head(path).headers["upload-offset"] == "0")
            #expect(try world.filesLeft() == files)
        }
    }
}
