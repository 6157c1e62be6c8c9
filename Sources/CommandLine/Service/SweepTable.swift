import Documents

/// A sweep of the API as a person reads it.
package enum SweepTable {
    /// What came of each job, one a line.
    package static func text(_ sweep: JSON) -> String {
        guard case .array(let points)? = sweep["points"] else { return "" }
        var rows = [["", "RATIO", "PARAMETERS", "SIZE", "LOSS", "SSIM", "SECONDS A SAMPLE", "STATUS", "JOB"]]
        for point in points {
            func number(_ value: JSON?) -> String { value?.double.map(Quantity.number) ?? "" }
            let loss = point["loss"]
            rows.append([
                point["on_front"] == true ? "*" : "", number(point["ratio"]),
                point["parameters"]?.integer.map(Quantity.count) ?? "", point["size"]?.integer.map { Quantity.bytes(Int64($0)) } ?? "",
                number(loss?["after"]?.double == nil ? loss?["pruned"] : loss?["after"]), number(point["ssim"]),
                number(point["seconds_per_sample"]), (point["status"]?.word ?? "").visible, (point["job"]?.word ?? "").visible,
            ])
        }
        return TextTable.text(rows)
    }
}
