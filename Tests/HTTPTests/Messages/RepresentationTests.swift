import Files
import Foundation
import HTTP
import HTTPTypes
import TestSupport
import Testing

private let head = "Host: a\r\nConnection: close\r\n"

/// Ten bytes in three pieces, one of them a file's.
private func representation(_ file: OpenFile) -> Representation {
    Representation(
        tag: "abc", parts: [.bytes(Array("01".utf8)), .file(file, offset: 2, length: 5), .bytes(Array("789".utf8))],
        fields: [.contentType: "text/plain"])
}

/// Field lines → status, `Content-Range`, body.
private let table: [(fields: String, status: Int, range: String?, body: String)] = [
    ("", 200, nil, "0123456789"),
    // Ranges
    ("Range: bytes=0-0\r\n", 206, "0-0/10", "0"), ("Range: bytes=0-1\r\n", 206, "0-1/10", "01"),
    ("Range: bytes=1-2\r\n", 206, "1-2/10", "12"),
    ("Range: bytes=2-6\r\n", 206, "2-6/10", "23456"), ("Range: bytes=4-\r\n", 206, "4-9/10", "456789"),
    ("Range: bytes=9-99\r\n", 206, "9-9/10", "9"), ("Range: bytes=-3\r\n", 206, "7-9/10", "789"),
    ("Range: bytes=-99\r\n", 206, "0-9/10", "0123456789"),
    ("Range: Bytes=3-3\r\n", 206, "3-3/10", "3"), ("Range: bytes=0-99999999999999999999\r\n", 206, "0-9/10", "0123456789"),
    ("Range: bytes=00000000000000000000001-2\r\n", 206, "1-2/10", "12"),
    ("Range: bytes=10-\r\n", 416, "*/10", ""), ("Range: bytes=99999999999999999999-\r\n", 416, "*/10", ""),
    ("Range: bytes=-0\r\n", 416, "*/10", ""),
    // What is overlooked
    ("Range: bytes=2-1\r\n", 200, nil, "0123456789"), ("Range: bytes=a-1\r\n", 200, nil, "0123456789"),
    ("Range: bytes=-\r\n", 200, nil, "0123456789"),
    ("Range: bytes=0-0,2-2\r\n", 200, nil, "0123456789"), ("Range: lines=0-0\r\n", 200, nil, "0123456789"),
    ("Range: bytes=+1-2\r\n", 200, nil, "0123456789"), ("Range: bytes=0-0\r\nRange: bytes=1-1\r\n", 200, nil, "0123456789"),
    // If-Range
    ("Range: bytes=1-2\r\nIf-Range: \"abc\"\r\n", 206, "1-2/10", "12"),
    ("Range: bytes=1-2\r\nIf-Range: \"abd\"\r\n", 200, nil, "0123456789"),
    ("Range: bytes=1-2\r\nIf-Range: W/\"abc\"\r\n", 200, nil, "0123456789"),
    ("Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200, nil, "0123456789"),
    // Conditions
    ("If-None-Match: \"abc\"\r\n", 304, nil, ""), ("If-None-Match: W/\"abc\"\r\n", 304, nil, ""), ("If-None-Match: *\r\n", 304, nil, ""),
    ("If-None-Match: \"x,y\", \"abc\"\r\n", 304, nil, ""), ("If-None-Match: \"x\"\r\nIf-None-Match: \"abc\"\r\n", 304, nil, ""),
    ("If-None-Match: \"abd\"\r\n", 200, nil, "0123456789"), ("If-None-Match: abc\r\n", 200, nil, "0123456789"),
    ("If-None-Match: \"abc\"\r\nRange: bytes=0-1\r\n", 304, nil, ""), ("If-Match: \"abc\"\r\n", 200, nil, "0123456789"),
    ("If-Match: *\r\n", 200, nil, "0123456789"), ("If-Match: W/\"abc\"\r\n", 412, nil, ""), ("If-Match: \"abd\"\r\n", 412, nil, ""),
    ("If-Match: \"abd\"\r\nIf-None-Match: \"abc\"\r\n", 412, nil, ""),
    ("If-Match: \"abd\", \"abc\"\r\nRange: bytes=0-1\r\n", 206, "0-1/10", "01"),
    ("If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n", 200, nil, "0123456789"),
]

@Test func aContentIsSentWholeInPartOrNotAtAll() async throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("http-\(UUID().uuidString)")
    try Data("0123456789".utf8).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let file = try OpenFile(url)
    try await serving({ try representation(file).response(to: $0) }) { server in
        func ask(_ method: String, _ fields: String) throws -> String {
            let client = try Client(server)
            client.send("\(method) / HTTP/1.1\r\n\(head)\(fields)\r\n")
            return client.receiveAll()
        }
        for (fields, status, range, body) in table {
            let answer = try ask("GET", fields)
            #expect(answer.statuses == [status], "\(fields)")
            #expect(answer.status >= 400 || answer.content == body, "\(fields)")
            #expect(answer.head.contains("Content-Range: ") == (range != nil), "\(fields)")
            if let range { #expect(answer.contains("Content-Range: bytes \(range)\r\n"), "\(fields)") }
            if answer.status < 400 { #expect(answer.contains("ETag: \"abc\"\r\n") && answer.contains("Accept-Ranges: bytes\r\n")) }
            // A range is for GET only (RFC 9110, section 14.2); conditions are for both.
            let other = try ask("HEAD", fields)
            let expected = status == 206 || status == 416 ? 200 : status
            #expect(other.statuses == [expected] && other.content == "", "\(fields)")
            if expected == 200 { #expect(other.contains("Content-Length: 10\r\n")) }
        }
    }
}
