import HTTP
import HTTPTypes
import Testing

private let type = "multipart/form-data; boundary=XX"

private func parts(_ text: String, type: String = type, chunk: Int = 65536) async throws -> [String] {
    let reader = try MultipartReader(RequestBody(bytes: Array(text.utf8), chunk: chunk), contentType: type)
    var found: [String] = []
    while let part = try await reader.nextPart() {
        let content = String(decoding: try await part.body.collect(limit: 1 << 20), as: UTF8.self)
        found.append("\(part.name)|\(part.filename ?? "-")|\(part.fields[.contentType] ?? "-")|\(content)")
    }
    return found
}

private func part(_ disposition: String, _ content: String, fields: String = "") -> String {
    "--XX\r\nContent-Disposition: \(disposition)\r\n\(fields)\r\n\(content)\r\n"
}

private let form =
    "preamble\r\n" + part("form-data; name=\"config\"", "{\r\n--X\r\n--}") + part("form-data; name=empty", "")
    + "--XX \t\r\ncontent-disposition: form-data; filename=\"a \\\"b\\\".bin\"; NAME=\"weights\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    + "\r\r\n\r\n-\r\n--XY\r\n\r\n--XX--\r\nepilogue"

@Test func aFormIsReadPartByPartHoweverItComes() async throws {
    let expected = ["config|-|-|{\r\n--X\r\n--}", "empty|-|-|", "weights|a \"b\".bin|application/octet-stream|\r\r\n\r\n-\r\n--XY\r\n"]
    for chunk in 1...form.utf8.count {
        #expect(try await parts(form, chunk: chunk) == expected, "in chunks of \(chunk)")
    }
}

@Test func partsThatAreNotReadAreSkipped() async throws {
    let reader = try MultipartReader(RequestBody(bytes: Array(form.utf8), chunk: 7), contentType: type)
    var first: MultipartPart?
    var names: [String] = []
    while let part = try await reader.nextPart() {
        names.append(part.name)
        if first == nil { first = part } else { #expect(try await first?.body.next() == nil) }
    }
    #expect(names == ["config", "empty", "weights"])
    #expect(try await reader.nextPart() == nil)
}

@Test func theBoundaryMayBeQuoted() async throws {
    let text = "--a b?\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--a b?--"
    #expect(try await parts(text, type: "Multipart/Form-Data; charset=utf-8; Boundary=\"a b?\"") == ["x|-|-|1"])
    #expect(try await parts("--XX--").isEmpty)
}

@Test(arguments: [
    nil, "", "text/plain", "multipart/mixed; boundary=XX", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\"\"",
    "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=a; boundary=b",
    "multipart/form-data; boundary=\(String(repeating: "a", count: 71))", "multipart/form-data; boundary=\"a\r\nb\"",
    "multipart/form-data boundary=a",
])
func aTypeThatIsNoFormIsRefused(type: String?) throws {
    let error = #expect(throws: HTTPError.self) { _ = try MultipartReader(RequestBody(bytes: []), contentType: type) }
    #expect(error?.response().status.code == 400)
}

private let end = "--XX--"
private let whole: String = part("form-data; name=a", "b")
private let longFields: String = part("form-data; name=a", "b", fields: "X: \(String(repeating: "a", count: 9000))\r\n")
private let brokenForms: [(String, Int)] = [
    ("", 400), ("--X", 400), ("nothing", 400), ("--XX", 400), ("--XX\r\n", 400), ("--XXY\r\n", 400), ("--XX\n", 400),
    (whole, 400), ("\(whole)--XX", 400), ("\(whole)--XX-", 400),
    ("\(part("form-data", "b"))\(end)", 400), ("\(part("attachment; name=a", "b"))\(end)", 400),
    ("\(part("form-data; name=\"a", "b"))\(end)", 400), ("--XX\r\n\r\nb\r\n--XX--", 400), ("--XX\r\nno colon\r\n\r\nb\r\n--XX--", 400),
    ("\(longFields)\(end)", 431), ("\(String(repeating: whole, count: 65))\(end)", 431),
    ("\(String(repeating: "a", count: 70000))\r\n\(end)", 400),
]

@Test(arguments: brokenForms)
func aBrokenFormIsRefused(text: String, status: Int) async throws {
    for chunk in [1, 13, 65536] {
        let error = await #expect(throws: HTTPError.self) { _ = try await parts(text, chunk: chunk) }
        #expect(error?.response().status.code == status)
    }
}

@Test func aLargePartPassesInPieces() async throws {
    let content = String(repeating: "0123456789abcde\r", count: 1 << 16)
    #expect(try await parts(part("form-data; name=a", content) + "--XX--", chunk: 4096) == ["a|-|-|\(content)"])
}
