extension String {
    /// The text without what a terminal would take for a command.
    var printable: String {
        String(
            map { character in
                if character == "\t" { return " " }
                let isPlain = character.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
                }
                return isPlain ? character : "\u{FFFD}"
            }
        )
    }
}
