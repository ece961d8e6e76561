extension Duration {
    /// Whole milliseconds as libcurl takes them: at least 1, since 0 means no limit there, at most what 32 bits hold.
    var clampedMilliseconds: Int {
        let (seconds, attoseconds) = components
        if seconds >= Int64(Int32.max / 1000) { return Int(Int32.max) }
        return max(1, Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
