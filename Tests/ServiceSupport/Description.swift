import Documents
import Foundation
import Testing

/// `/openapi.json`, by which every answer in these tests must be described.
package struct Description: Sendable {
    private let document: JSON

    package init(document: JSON) { self.document = document }

    /// The described paths.
    package var paths: [(template: String, methods: [String: JSON])] {
        members(document["paths"]).map { path in
            (path.name, Dictionary(members(path.value).map { ($0.name.uppercased(), $0.value) }) { first, _ in first })
        }
    }

    /// Records an issue for each thing about an answer that is not described.
    package func check(_ answer: World.Answer, to method: String, _ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let call = "\(method) \(target) → \(answer.status)"
        guard let path = find(parts[0]) else {
            if ![400, 404].contains(answer.status) { Issue.record("\(call): the path is not described") }
            return
        }
        guard let operation = path[method] ?? (method == "HEAD" ? path["GET"] : nil) else {
            if answer.status != 405 { Issue.record("\(call): the method is not described") }
            return
        }
        if answer.status < 300, parts.count == 2 {
            let known = Set((operation["parameters"]?.elements ?? []).filter { $0["in"] == "query" }.compactMap { $0["name"]?.text })
            for pair in parts[1].split(separator: "&") {
                let name = pair.prefix { $0 != "=" }
                if !known.contains(String(name)) { Issue.record("\(call): the parameter \(name) is not described") }
            }
        }
        guard let response = operation["responses"]?[String(answer.status)].map(resolved) else {
            Issue.record("\(call) \(answer.code): the answer is not described")
            return
        }
        for field in members(response["headers"]) where answer.headers[field.name.lowercased()] == nil {
            Issue.record("\(call): \(field.name) is described and missing")
        }
        guard method != "HEAD", answer.status != 204, answer.status != 304 else { return }
        if answer.data.isEmpty, response["content"] == nil { return }
        let type = answer.headers["content-type"] ?? "none"
        guard let content = response["content"]?[type] else {
            Issue.record("\(call): the type \(type) is not described")
            return
        }
        if let schema = content["schema"], let trouble = mismatch(answer.json, schema, at: "") { Issue.record("\(call): \(trouble)") }
    }

    /// The methods of the path that fits best: literal segments go before parameters.
    private func find(_ path: String) -> [String: JSON]? {
        let segments = path.split(separator: "/")
        return paths.filter { candidate in
            let template = candidate.template.split(separator: "/")
            guard template.count == segments.count || (template.last == "{path}" && template.count < segments.count) else { return false }
            return zip(template, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }.min { $0.template.filter { $0 == "{" }.count < $1.template.filter { $0 == "{" }.count }?.methods
    }

    private func members(_ json: JSON?) -> [JSON.Member] {
        if case .object(let members) = json { members } else { [] }
    }

    /// What a reference refers to; anything else itself.
    package func resolved(_ json: JSON) -> JSON {
        guard let names = json["$ref"]?.text?.split(separator: "/").dropFirst() else { return json }
        return names.reduce(document) { $0[String($1)] ?? .null }
    }

    // MARK: - JSON Schema, as much of it as is used

    /// What of a value does not fit a schema; nil when all of it does.
    func mismatch(_ value: JSON, _ schema: JSON, at pointer: String) -> String? {
        if schema["$ref"] != nil, let trouble = mismatch(value, resolved(schema), at: pointer) { return trouble }
        for part in schema["allOf"]?.elements ?? [] {
            if let trouble = mismatch(value, part, at: pointer) { return trouble }
        }
        if let choices = schema["anyOf"]?.elements, choices.allSatisfy({ mismatch(value, $0, at: pointer) != nil }) {
            return "\(pointer) fits no choice: \(value.compact.prefix(100))"
        }
        if let expected = schema["const"], expected != value { return "\(pointer) is \(value.compact.prefix(100))" }
        if let words = schema["enum"]?.elements, !words.contains(value) { return "\(pointer) is \(value.compact.prefix(100))" }
        if let type = schema["type"] {
            let types = type.text.map { [$0] } ?? type.elements.compactMap(\.text)
            guard types.contains(where: { Self.isOf($0, value) }) else { return "\(pointer) is \(value.compact.prefix(100)), not \(types)" }
        }
        if case .array(let items) = value, let schema = schema["items"] {
            for (index, item) in items.enumerated() {
                if let trouble = mismatch(item, schema, at: "\(pointer)/\(index)") { return trouble }
            }
        }
        return members(value).lazy.compactMap { self.mismatch($0, of: schema, at: pointer) }.first
            ?? (value == .null ? [] : schema["required"]?.elements ?? []).lazy.compactMap(\.text).filter { value[$0] == nil }
            .map { "\(pointer)/\($0) is missing" }.first
    }

    private func mismatch(_ member: JSON.Member, of schema: JSON, at pointer: String) -> String? {
        let pointer = "\(pointer)/\(member.name)"
        if let schema = schema["properties"]?[member.name] { return mismatch(member.value, schema, at: pointer) }
        switch schema["additionalProperties"] {
        case nil: return nil
        case .bool(false): return "\(pointer) is not described"
        case .some(let schema): return mismatch(member.value, schema, at: pointer)
        }
    }

    private static func isOf(_ type: String, _ value: JSON) -> Bool {
        switch value {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .number: type == "number" || (type == "integer" && value.integer != nil)
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
}
