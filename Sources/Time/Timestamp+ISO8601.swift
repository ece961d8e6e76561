extension Timestamp {
    /// `2026-11-21T05:26:36.123Z` (RFC 3339). A year the format cannot say becomes the nearest it can, 0000 or 9999.
    public var rfc3339: String {
        let time = CivilTime(self)
        return "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))T"
            + "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
            + ".\(padded(time.millisecond, 3))Z"
    }

    /// RFC 3339 with any offset, fraction or none; nil for anything else.
    ///
    /// A fraction counts to the millisecond. A leap second, which stands only at the end of a UTC day, is the second after it.
    public init?(rfc3339: String) {
        var reader = DateReader(rfc3339)
        guard let year = reader.digits(4), reader.skip("-"), let month = reader.digits(2),
            reader.skip("-"), let day = reader.digits(2), reader.skip("T") || reader.skip("t"),
            let hour = reader.digits(2), reader.skip(":"), let minute = reader.digits(2),
            reader.skip(":"), let second = reader.digits(2)
        else { return nil }
        var millisecond = 0
        if reader.skip(".") {
            guard let fraction = reader.thousandths() else { return nil }
            millisecond = fraction
        }
        guard let offset = Self.offset(&reader), reader.isAtEnd,
            let civil = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                millisecond: millisecond)
        else { return nil }
        let moment = civil.timestamp - offset
        guard second < 60 || moment.seconds % 86_400 == 0 else { return nil }
        self = moment
    }

    /// `Z` or `±hh:mm`.
    private static func offset(_ reader: inout DateReader) -> Duration? {
        if reader.skip("Z") || reader.skip("z") { return .zero }
        let isWest = reader.skip("-")
        guard isWest || reader.skip("+"), let hours = reader.digits(2), reader.skip(":"),
            let minutes = reader.digits(2), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return .seconds(isWest ? -seconds : seconds)
    }

    /// `20261121T052636Z`, as SigV4 writes it.
    public var basicISO8601: String {
        let time = CivilTime(self)
        // Byte by byte: every signed request says it.
        var text = Self.basicDate(time)
        text.append(UInt8(ascii: "T"))
        for number in [time.hour, time.minute, time.second] { Self.append(number, to: &text) }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// `20261121`.
    public var basicDate: String { String(decoding: Self.basicDate(CivilTime(self)), as: UTF8.self) }

    private static func basicDate(_ time: CivilTime) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(16)
        for number in [time.year / 100, time.year % 100, time.month, time.day] { append(number, to: &text) }
        return text
    }

    /// Two digits.
    private static func append(_ number: Int, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// `20261121T052636Z`; nil for anything else.
    public init?(basicISO8601: String) {
        var reader = DateReader(basicISO8601)
        guard let year = reader.digits(4), let month = reader.digits(2), let day = reader.digits(2),
            reader.skip("T"), let hour = reader.digits(2), let minute = reader.digits(2),
            let second = reader.digits(2), second < 60, reader.skip("Z"), reader.isAtEnd,
            let civil = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self = civil.timestamp
    }
}
