import Documents
import Foundation
import HTTP
import HTTPTypes
import Hashing
import Storage

/// Uploads that can be gone on with after a cut, by the tus protocol 1.0.0: core, creation, creation-with-upload, expiration, checksum,
/// termination. What came of them is made into something by `{"upload":"upl_…"}` in a creating POST.
extension API {
    /// The content type of a piece.
    private static let pieceType = "application/offset+octet-stream"
    /// Bytes of one piece after which the offset is written down, so that a long piece is not lost when the server dies.
    private static let commitSize: Int64 = 64 << 20

    /// `/v1/uploads`.
    func addUploads(_ routes: inout Routes) {
        on(
            &routes, .options, "/v1/uploads",
            Operation(
                "uploadOptions", "Tells what of tus the server knows.",
                answers: [
                    .init(
                        status: 200, detail: "tus 1.0.0.",
                        fields: ["Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"])
                ])
        ) { _ in
            Response(
                status: .ok,
                fields: [
                    .tusResumable: "1.0.0", .tusVersion: "1.0.0", .tusMaxSize: String(uploads.limit),
                    .tusExtension: "creation,creation-with-upload,expiration,checksum,termination",
                    .tusChecksumAlgorithm: UploadChecksum.algorithms,
                ])
        }
        on(
            &routes, .post, "/v1/uploads",
            Operation(
                "createUpload", "Begins an upload that comes in pieces, by tus; the first piece may come along.",
                parameters: [
                    Self.version, .field("Upload-Length", "Bytes in all.", Self.count, isRequired: true),
                    .field("Upload-Metadata", "Pairs of a key and a value in base64.", .text()), Self.checksum,
                ],
                bodies: [.binary(Self.pieceType)],
                answers: [.created("Upload", fields: ["Tus-Resumable", "Upload-Offset", "Upload-Expires"])],
                refusals: Self.pieceRefusals + [
                    .init(400, "invalid_upload_length"), .init(400, "invalid_upload_metadata"), .init(403, "storage_limit"),
                ]
            ).creating
        ) { try await tus($0, beginUpload) }
        on(
            &routes, .head, "/v1/uploads/{id}",
            Operation(
                "probeUpload", "Tells how far an upload has come, by tus.", parameters: [Self.version],
                answers: [.init(status: 200, detail: "How far.", fields: Self.uploadFields + ["Tus-Resumable"])],
                refusals: [Self.wrongVersion, .notFound])
        ) { try await tus($0, showUpload) }
        on(
            &routes, .get, "/v1/uploads/{id}",
            Operation(
                "getUpload", "Shows an upload, to whoever speaks no tus.",
                answers: [.json("Upload", "The upload.", fields: Self.uploadFields)], refusals: [.notFound]),
            showUpload)
        on(
            &routes, .patch, "/v1/uploads/{id}",
            Operation(
                "appendToUpload", "Adds a piece to an upload, by tus.",
                parameters: [Self.version, .field("Upload-Offset", "Bytes that are here.", Self.count, isRequired: true), Self.checksum],
                bodies: [.binary(Self.pieceType)],
                answers: [.empty("It is here.", fields: Self.uploadFields + ["Tus-Resumable"])],
                refusals: Self.pieceRefusals + [
                    .init(400, "invalid_upload_offset"), .notFound, .init(409, "wrong_offset"), .init(423, "upload_busy"),
                ])
        ) { try await tus($0, appendToUpload) }
        on(
            &routes, .delete, "/v1/uploads/{id}",
            Operation(
                "deleteUpload", "Removes an upload, by tus.", parameters: [Self.version],
                answers: [.empty("It is gone.", fields: ["Tus-Resumable"])],
                refusals: [Self.wrongVersion, .notFound, .init(423, "upload_busy")])
        ) { try await tus($0, deleteUpload) }
        // For clients behind something that lets only GET and POST through (tus 1.0.0, X-HTTP-Method-Override).
        on(
            &routes, .post, "/v1/uploads/{id}",
            Operation(
                "overrideUpload", "What X-HTTP-Method-Override says, for clients that can only GET and POST.",
                parameters: [
                    Self.version, .field("X-HTTP-Method-Override", "The method.", .words(["PATCH", "DELETE"]), isRequired: true),
                    .field("Upload-Offset", "As for PATCH.", Self.count), Self.checksum,
                ],
                bodies: [.binary(Self.pieceType)], answers: [.empty("It is done.", fields: ["Tus-Resumable"])],
                refusals: Self.pieceRefusals + [
                    .init(400, "invalid_upload_offset"), .notFound, .init(405, "method_not_allowed"), .init(409, "wrong_offset"),
                    .init(423, "upload_busy"),
                ])
        ) { request in
            switch request.fields[.methodOverride] {
            case "PATCH": try await tus(request, appendToUpload)
            case "DELETE": try await tus(request, deleteUpload)
            default: throw HTTPError.methodNotAllowed(.post, allowed: [.delete, .get, .head, .patch])
            }
        }
    }

    private static let version = Operation.Parameter.field("Tus-Resumable", "The protocol's version.", .words(["1.0.0"]), isRequired: true)
    private static let checksum = Operation.Parameter.field(
        "Upload-Checksum", "The piece's checksum: sha1 or sha256, a space, base64.", .text())
    private static let count: JSON = ["type": "integer", "minimum": 0]
    private static let uploadFields = ["Upload-Offset", "Upload-Length", "Upload-Expires"]
    private static let wrongVersion = Operation.Refusal(412, "tus_version")
    private static let pieceRefusals: [Operation.Refusal] = [
        wrongVersion, .init(400, "invalid_checksum"), .init(415, "unsupported_media_type"), .init(460, "checksum_mismatch"), .diskFull,
    ]

    /// Both sides name the version in every message (tus 1.0.0, Tus-Resumable).
    private func tus(_ request: Request, _ handler: (Request) async throws -> Response) async throws -> Response {
        var response: Response
        do {
            guard request.fields[.tusResumable] == "1.0.0" else {
                throw APIError(.preconditionFailed, "tus_version", "Tus-Resumable must be 1.0.0")
            }
            response = try await handler(request)
        } catch HTTPError.connectionLost {
            throw HTTPError.connectionLost
        } catch let error as any RespondingError {
            response = error.response()
        } catch {
            guard let known = APIError(error) else { throw error }
            response = known.response()
            // Spares the client the question that would come next.
            if case StorageError.wrongOffset(_, let expected, _) = error { response.fields[.uploadOffset] = String(expected) }
        }
        response.fields[.tusResumable] = "1.0.0"
        if response.status == .preconditionFailed { response.fields[.tusVersion] = "1.0.0" }
        return response
    }

    private func beginUpload(_ request: Request) async throws -> Response {
        guard let text = request.fields[.uploadLength], let length = ASCII.digits(text).map(Int64.init) else {
            throw APIError(.badRequest, "invalid_upload_length", "Upload-Length must be the number of bytes in all; it cannot be deferred")
        }
        let limit = try largestUpload(request)
        guard length <= limit else { throw HTTPError.bodyTooLarge(limit: limit) }
        let metadata = request.fields[.uploadMetadata] ?? ""
        guard UploadMetadata.isValid(metadata) else {
            throw APIError(
                .badRequest, "invalid_upload_metadata",
                "Upload-Metadata is pairs of a key and a value in base64, with commas between; a name or filename holds no control characters"
            )
        }
        var response = try await creating(request) { creation in
            if !creation.isRepeated { try admit(length, request) }
            let writer = try database.uploads.begin(length: length, metadata: metadata, owner: owner(of: request))
            let digest = try await write(request, to: writer, isNew: true)
            let body = "\(length) \(metadata)\n\(digest)"
            if let first = try creation.firstAnswer(to: body) { return first }
            return try writer.commit(answer: creation.keeping(body) { $0.created }).created.response
        }
        if let path = response.fields[.location], let base = base(of: request) { response.fields[.location] = base + path }
        return response
    }

    /// What comes before the path for whoever sent the request: tus clients are used to a whole URL in `Location`. Nil where the request
    /// came by a proxy, which clients may reach by another scheme, host and port than it reaches us.
    private func base(of request: Request) -> String? {
        let byProxy: [HTTPField.Name] = [.forwarded, .via, .forwardedFor, .forwardedProto, .forwardedHost]
        guard let authority = request.authority, byProxy.allSatisfy({ request.fields[$0] == nil }) else { return nil }
        return "http://\(authority)"
    }

    private func showUpload(_ request: Request) async throws -> Response {
        let upload = try database.uploads.get(request.parameter("id"))
        var fields: HTTPFields = [.cacheControl: "no-store"]
        for (name, value) in upload.fields { fields[name] = value }
        return .json(upload.payload, fields: fields)
    }

    private func deleteUpload(_ request: Request) async throws -> Response {
        try database.uploads.delete(request.parameter("id"))
        return Response(status: .noContent)
    }

    private func appendToUpload(_ request: Request) async throws -> Response {
        guard let text = request.fields[.uploadOffset], let offset = ASCII.digits(text).map(Int64.init) else {
            throw APIError(.badRequest, "invalid_upload_offset", "Upload-Offset must be the number of bytes that are here already")
        }
        let writer = try database.uploads.resume(request.parameter("id"), at: offset, interrupt: request.cutOff)
        _ = try await write(request, to: writer, isNew: false)
        let upload = try writer.commit()
        var response = Response(status: .noContent)
        for (name, value) in upload.fields { response.fields[name] = value }
        return response
    }

    /// Writes the request's body behind what is there already, and gives its SHA-256 where it begins an upload.
    ///
    /// What came before a cut is committed, unless a checksum stands for the whole piece, or nobody has been told of the upload yet.
    /// - Throws: ``APIError`` 415, 460; ``HTTPError``; ``StorageError``.
    private func write(_ request: Request, to writer: UploadWriter, isNew: Bool) async throws -> String {
        let fields = request.fields
        let isPiece = fields[.contentType] == Self.pieceType
        guard isNew || isPiece else { throw Self.wrongType }
        var checksum = try fields[.uploadChecksum].map { try UploadChecksum($0) }
        let isWhole = isNew || checksum != nil || fields[.contentDigest] != nil || fields[.reprDigest] != nil
        let body = try request.body.limited(to: writer.missing)
        var hash = MessageDigest(.sha256)
        do {
            while let chunk = try await body.next() {
                guard isPiece else { throw Self.wrongType }
                if isNew { hash.update(chunk) }
                checksum?.update(chunk)
                try writer.write(chunk)
                if !isWhole, writer.uncommitted >= Self.commitSize { writer.commitSoon() }
            }
        } catch let error as HTTPError {
            switch error {
            case .connectionLost, .timeout, .malformed: if !isWhole { try writer.commit() }
            default: break
            }
            throw error
        }
        try checksum?.check()
        return BlobDigest(hash.finalize()).hex
    }

    private static let wrongType = APIError(
        .unsupportedMediaType, "unsupported_media_type", "a piece of an upload has the Content-Type \(pieceType)")
}
