/// A line that shows how far something is: `finetuning  ███████░░░░░  52%  156 of 300  0:42 left`.
package struct ProgressBar {
    /// Columns of the terminal.
    let columns: Int
    /// Whether the terminal shows more than ASCII.
    let isUnicode: Bool

    /// Columns that the longest word in front takes.
    private static let labelWidth = 10
    private static let widestBar = 40
    /// Below this a bar shows nothing that the per cents do not.
    private static let narrowestBar = 8

    package init(columns: Int, isUnicode: Bool) {
        self.columns = columns
        self.isUnicode = isUnicode
    }

    /// The line, at most one column shorter than the terminal: a cursor behind the last column would wrap.
    package func line(_ progress: ShownProgress) -> String {
        let room = max(1, columns - 1)
        let label = progress.label.padding(to: Self.labelWidth)
        let percent = String(progress.percent)
        let share = String(repeating: " ", count: 3 - percent.count) + percent + "%"
        let remaining = progress.remaining.map { "\(Quantity.duration($0)) left" }
        // What is told beside the bar goes, the least needed first, while it does not fit.
        for parts in [[progress.detail, remaining ?? ""], [remaining ?? ""], []] {
            let tail = ([share] + parts.filter { !$0.isEmpty }).joined(separator: "  ")
            let width = room - label.count - tail.count - 4
            if width >= Self.narrowestBar { return "\(label)  \(bar(progress.fraction, min(width, Self.widestBar)))  \(tail)" }
        }
        return String("\(progress.label) \(progress.percent)%".prefix(room))
    }

    /// The same for a place where nothing can be taken back, such as a file.
    package static func sentence(_ progress: ShownProgress) -> String {
        var text = "\(progress.label) \(progress.percent)%"
        if !progress.detail.isEmpty { text += ", \(progress.detail)" }
        if let remaining = progress.remaining { text += ", \(Quantity.duration(remaining)) left" }
        return text
    }

    private func bar(_ fraction: Double, _ width: Int) -> String {
        let done = Int(max(0, min(1, fraction)) * Double(width))
        let (full, empty) = isUnicode ? ("█", "░") : ("#", "-")
        return String(repeating: full, count: done) + String(repeating: empty, count: width - done)
    }
}

extension String {
    /// The text with spaces behind it up to `width` characters.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
