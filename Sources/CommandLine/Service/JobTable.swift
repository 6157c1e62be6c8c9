import Documents

/// Jobs of the API as a person reads them.
package enum JobTable {
    /// A page of jobs, one a line.
    package static func text(list: JSON) -> String {
        guard case .array(let jobs) = list["data"], !jobs.isEmpty else { return "no jobs\n" }
        var rows = [["JOB", "STATUS", "PHASE", "DONE", "LEFT", "CREATED", "WARNINGS", "NAME"]]
        for job in jobs {
            let progress = job["progress"] ?? .null
            let isLive = !JobFollower.hasEnded(job)
            let warnings = JobSummary.warnings(job)
            rows.append([
                shown(job["id"]), shown(job["status"]), shown(job["phase"]),
                isLive ? progress["fraction"]?.double.map { "\(Int($0 * 100))%" } ?? "" : "",
                isLive ? progress["eta_seconds"]?.double.map(Quantity.duration) ?? "" : "", shown(job["created_at"]),
                warnings.isEmpty ? "" : String(warnings.count), shown(job["name"]),
            ])
        }
        let more = list["has_more"] == true ? "there are more: --limit 100\n" : ""
        return TextTable.text(rows) + more
    }

    /// One job, a fact a line.
    package static func text(job: JSON) -> String {
        var lines: [(String, String)] = [
            ("job", shown(job["id"])), ("name", shown(job["name"])), ("status", shown(job["status"])), ("phase", shown(job["phase"])),
        ]
        if !JobFollower.hasEnded(job), let progress = job["progress"], progress != .null {
            let left = progress["eta_seconds"]?.double.map { ", \(Quantity.duration($0)) left" } ?? ""
            lines.append(
                ("progress", "\(progress["completed"]?.integer ?? 0) of \(progress["total"]?.integer ?? 0)\(left)"))
        }
        for (title, name) in [("created", "created_at"), ("started", "started_at"), ("finished", "finished_at")] {
            lines.append((title, shown(job[name])))
        }
        if let attempt = job["attempt"]?.integer, attempt > 1 { lines.append(("attempt", String(attempt))) }
        lines += [("checkpoint", shown(job["request"]?["checkpoint"])), ("dataset", shown(job["request"]?["dataset"]))]
        lines += [("result", shown(job["result"]?["checkpoint"])), ("error", shown(job["error"]?["detail"]))]
        lines += JobSummary.warnings(job).map { ("warning", $0) }
        return lines.filter { !$0.1.isEmpty }.map { "\($0.0.padding(to: 22))\($0.1)\n" }.joined()
    }

    /// An event of a job on one line.
    package static func line(event: JSON) -> String {
        var text = "\(shown(event["created_at"]))  \(shown(event["event"]))"
        if case .object(let data) = event["data"] { text += data.map { "  \($0.name)=\(shown($0.value))" }.joined() }
        return text
    }

    private static func shown(_ value: JSON?) -> String {
        guard let value, value != .null else { return "" }
        return (value.word ?? value.compact).visible
    }
}
