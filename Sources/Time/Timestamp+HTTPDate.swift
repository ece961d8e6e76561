extension Timestamp {
    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let shortWeekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sat, 21 Nov 2026 05:26:36 GMT` (RFC 9110 §5.6.7).
    public var httpDate: String {
        let time = CivilTime(self)
        return "\(Self.shortWeekdays[time.weekday]), \(padded(time.day, 2)) \(Self.months[time.month - 1]) "
            + "\(padded(time.year, 4)) \(padded(time.hour, 2)):\(padded(time.minute, 2)):"
            + "\(padded(time.second, 2)) GMT"
    }

    /// IMF-fixdate, and the two obsolete forms of RFC 9110 §5.6.7; nil for anything else, a wrong weekday included.
    public init?(httpDate: String) { self.init(httpDate: httpDate, now: .now) }

    /// `now` decides the century of the form that writes two digits of the year.
    init?(httpDate: String, now: Timestamp) {
        guard
            let (weekday, civil) = Self.fixdate(httpDate) ?? Self.rfc850(httpDate, now: now)
                ?? Self.asctime(httpDate),
            civil.weekday == weekday
        else { return nil }
        self = civil.timestamp
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func fixdate(_ text: String) -> (weekday: Int, CivilTime)? {
        var reader = DateReader(text)
        guard let weekday = reader.name(of: shortWeekdays), reader.skip(", "),
            let day = reader.digits(2), reader.skip(" "), let month = reader.name(of: months),
            reader.skip(" "), let year = reader.digits(4), reader.skip(" "),
            let time = timeOfDay(&reader), reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        return civil(weekday, year, month, day, time)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`. A year more than 50 years ahead is meant to be a century earlier.
    private static func rfc850(_ text: String, now: Timestamp) -> (weekday: Int, CivilTime)? {
        var reader = DateReader(text)
        guard let weekday = reader.name(of: weekdays), reader.skip(", "),
            let day = reader.digits(2), reader.skip("-"), let month = reader.name(of: months),
            reader.skip("-"), let shortYear = reader.digits(2), reader.skip(" "),
            let time = timeOfDay(&reader), reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        let thisYear = CivilTime(now).year
        let year = thisYear - thisYear % 100 + shortYear
        return civil(weekday, year > thisYear + 50 ? year - 100 : year, month, day, time)
    }

    /// `Sun Nov  6 08:49:37 1994`
    private static func asctime(_ text: String) -> (weekday: Int, CivilTime)? {
        var reader = DateReader(text)
        guard let weekday = reader.name(of: shortWeekdays), reader.skip(" "),
            let month = reader.name(of: months), reader.skip(" "),
            let day = reader.digits(2, spacePadded: true), reader.skip(" "),
            let time = timeOfDay(&reader), reader.skip(" "), let year = reader.digits(4), reader.isAtEnd
        else { return nil }
        return civil(weekday, year, month, day, time)
    }

    private typealias TimeOfDay = (hour: Int, minute: Int, second: Int)

    private static func timeOfDay(_ reader: inout DateReader) -> TimeOfDay? {
        guard let hour = reader.digits(2), reader.skip(":"), let minute = reader.digits(2),
            reader.skip(":"), let second = reader.digits(2)
        else { return nil }
        return (hour, minute, second)
    }

    private static func civil(
        _ weekday: Int, _ year: Int, _ monthIndex: Int, _ day: Int, _ time: TimeOfDay
    ) -> (weekday: Int, CivilTime)? {
        CivilTime(
            year: year, month: monthIndex + 1, day: day, hour: time.hour, minute: time.minute,
            second: time.second
        ).map { (weekday, $0) }
    }
}
