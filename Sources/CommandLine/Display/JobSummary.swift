import Documents
import Foundation
import Storage

/// What came of a job, or would come of it, on a few lines.
enum JobSummary {
    /// The summary of a result, from its own files.
    static func json(of folder: String) throws -> JSON {
        func document(_ name: String) throws -> JSON {
            try JSON(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(name))))
        }
        let (job, metrics) = (try document("job.json"), try document("metrics.json"))
        let names: [String] = ["parameters", "macs", "size", "evaluation", "timing", "peak_memory"]
        return JSON.object([
            .init("object", "summary"), .init("out", .string(folder)), .init("status", job["status"] ?? .null),
            .init("name", job["name"] ?? .null), .init("request", job["request"] ?? .null),
            .init("warnings", job["warnings"] ?? []),
        ]).adding(names.map { .init($0, metrics[$0] ?? .null) })
    }

    /// A summary for a person.
    static func text(_ summary: JSON) -> String {
        var lines = sizes(summary)
        if let evaluation = summary["evaluation"], evaluation != .null {
            let loss = evaluation["loss"] ?? .null
            if let before = loss["before"]?.double, let after = loss["after"]?.double {
                // Without fine-tuning both are the same.
                let isTuned = summary["request"]?["finetuning"] ?? .null != .null
                let between = isTuned ? loss["pruned"]?.double.map { "(\(Quantity.number($0)) before fine-tuning)" } : nil
                lines.append(row("loss", Quantity.number(before), Quantity.number(after), between ?? ""))
            }
            if let ssim = evaluation["ssim"]?["mean"]?.double { lines.append(row("SSIM to the original", "", Quantity.number(ssim))) }
            if let before = evaluation["seconds_per_sample"]?["before"]?.double,
                let after = evaluation["seconds_per_sample"]?["after"]?.double
            {
                lines.append(row("seconds per sample", Quantity.number(before), Quantity.number(after)))
            }
            for (name, title) in [("mind", "MIND"), ("kid", "KID"), ("frechet", "Fréchet distance"), ("fid", "FID")] {
                guard let figure = evaluation[name], let before = figure["before"]?.double, let after = figure["after"]?.double else {
                    continue
                }
                let pictures = figure["reference_n"]?.integer.map { "\($0) pictures" } ?? "statistics"
                let counts = "(\(figure["n"]?.integer ?? 0) samples, \(pictures))"
                lines.append(row(title, Quantity.number(before), Quantity.number(after), counts))
            }
        }
        if case .object(let phases) = summary["timing"] {
            let times = phases.compactMap { phase in phase.value.double.map { "\(phase.name) \(Quantity.duration($0))" } }
            lines.append("took " + times.joined(separator: ", "))
        }
        lines += warnings(summary).map { "warning: \($0)" }
        if case .string(let out) = summary["out"] { lines.append("the result is in \(out)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A dry run's answer for a person.
    static func text(forecast: JSON) -> String {
        var lines = sizes(forecast)
        if let widths = forecast["block_out_channels"], widths != .null {
            lines.append(row("block widths", list(widths["before"]), list(widths["after"])))
        }
        if forecast["is_estimate"] == true { lines.append("sizes are those of a uniform cut: shares are known after scoring") }
        if let peak = forecast["memory"]?["peak"]?.integer { lines.append(row("memory", "", Quantity.bytes(Int64(peak)))) }
        if case .object(let phases) = forecast["seconds"] {
            let times = phases.compactMap { phase in phase.value.double.map { "\(phase.name) \(Quantity.duration($0))" } }
            lines.append("would take " + times.joined(separator: ", "))
        }
        lines += warnings(forecast).map { "warning: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The warnings of one of the API's objects, each a sentence and its code.
    static func warnings(_ object: JSON) -> [String] {
        guard case .array(let warnings)? = object["warnings"] else { return [] }
        return warnings.compactMap { warning in
            warning["detail"]?.word.map { "\($0.visible) (\((warning["code"]?.word ?? "").visible))" }
        }
    }

    /// Where a job stands, as the end of a sentence; empty before it began.
    static func place(_ job: Job) -> String {
        job.progress.map { " at \($0.phase.rawValue) \($0.completed) of \($0.total)" } ?? ""
    }

    private static func sizes(_ document: JSON) -> [String] {
        var lines = [row("", "before", "after")]
        for (title, name) in [("parameters", "parameters"), ("multiply-accumulates", "macs")] {
            guard let before = document[name]?["before"]?.integer, let after = document[name]?["after"]?.integer else { continue }
            lines.append(row(title, Quantity.count(before), Quantity.count(after), share(after, of: before)))
        }
        if let before = document["size"]?["before"]?.integer, let after = document["size"]?["after"]?.integer {
            lines.append(row("size", Quantity.bytes(Int64(before)), Quantity.bytes(Int64(after)), share(after, of: before)))
        }
        return lines
    }

    private static func share(_ part: Int, of whole: Int) -> String {
        whole > 0 ? "(\(Int((Double(part) / Double(whole) * 100).rounded()))%)" : ""
    }

    private static func list(_ numbers: JSON?) -> String {
        guard case .array(let items) = numbers else { return "" }
        return items.map(\.compact).joined(separator: " ")
    }

    private static func row(_ title: String, _ before: String, _ after: String, _ note: String = "") -> String {
        let line = title.padding(to: 22) + before.padding(to: 18) + (note.isEmpty ? after : after.padding(to: 16) + note)
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}
