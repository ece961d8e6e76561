import Glibc

/// What a terminal can show.
struct TerminalStyle: Sendable, Hashable {
    var isTerminal: Bool
    var columns = 80
    var color = false
    /// Block characters and the like; else ASCII.
    var unicode = true

    /// Of a descriptor. `NO_COLOR` (no-color.org) with any value and `TERM=dumb` turn colours off; a dumb terminal gets no bar either.
    init(of descriptor: Int32, environment: [String: String]) {
        let isDumb = environment["TERM"] == "dumb"
        isTerminal = isatty(descriptor) == 1 && !isDumb
        columns = Self.columns(of: descriptor) ?? environment["COLUMNS"].flatMap { Int($0) } ?? 80
        color = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy
            .compactMap { environment[$0] }.first { !$0.isEmpty }
        unicode = locale?.uppercased().contains("UTF") ?? false
    }

    init(isTerminal: Bool, columns: Int = 80, color: Bool = false, unicode: Bool = true) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.color = color
        self.unicode = unicode
    }

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// A colour or weight around a text (ECMA-48 SGR), where colours are on.
    enum Ink: Int, Sendable {
        case bold = 1, dim = 2, red = 31, green = 32, cyan = 36
    }

    func paint(_ text: String, _ ink: Ink) -> String {
        color ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }
}
