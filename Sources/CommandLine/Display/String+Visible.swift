extension String {
    /// The text without what would move a terminal's cursor: names are anyone's.
    var visible: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}
