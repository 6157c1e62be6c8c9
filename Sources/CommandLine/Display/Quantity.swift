import Foundation

/// Numbers as a person reads them.
package enum Quantity {
    /// `1,234,567`.
    package static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `999 B`, `1.5 kB`, `12 MB`: in powers of 1000, two digits or more.
    package static func bytes(_ value: Int64) -> String {
        var number = Double(value)
        guard number >= 1000 else { return "\(value) B" }
        for unit in ["kB", "MB", "GB", "TB"] {
            number /= 1000
            if number < 9.95 { return String(format: "%.1f %@", number, unit as NSString) }
            if number < 999.5 || unit == "TB" { return String(format: "%.0f %@", number, unit as NSString) }
        }
        return "\(value) B"
    }

    /// `0:07`, `12:34`, `1:02:03`, `3 d 04:05`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = max(0, Int(seconds.rounded()))
        let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60)
        if days > 0 { return String(format: "%d d %02d:%02d", days, hours, minutes) }
        if hours > 0 { return String(format: "%d:%02d:%02d", hours, minutes, whole % 60) }
        return String(format: "%d:%02d", minutes, whole % 60)
    }

    /// Four digits that count.
    package static func number(_ value: Double) -> String { String(format: "%.4g", value) }
}
