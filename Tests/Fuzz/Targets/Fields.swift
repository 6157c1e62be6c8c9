import HTTPTypes

@testable import HTTP
@testable import Server

/// Values of single fields, one in each line of the input.
@Sendable func fieldsAreReadOrRefused(_ bytes: [UInt8]) {
    for line in bytes.split(separator: 0x0A) {
        if let field = try? FieldLine.parse(Array(line)) { _ = try? DigestFields(HTTPFields([field])) }
        guard let text = String(validating: line, as: UTF8.self) else { continue }
        _ = HeaderParameters(text)
        _ = UploadMetadata.isValid(text)
        _ = try? UploadChecksum(text)
        _ = MultipartReader.isMultipart(text)
        if let host = Host(text) { require(!host.name.isEmpty && (0...65535).contains(host.port ?? 0), "a host is one") }
        var fields: HTTPFields = [:]
        fields[.contentDigest] = text
        _ = try? DigestFields(fields)
        fields = [.transferEncoding: text]
        _ = try? BodyFraming(fields, minorVersion: 1)
        fields = [.contentLength: text]
        if case .length(let length)? = try? BodyFraming(fields, minorVersion: 1) { require(length > 0, "a length is one") }
    }
}
