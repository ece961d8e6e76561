/// Date and time of day in UTC, by the proleptic Gregorian calendar.
///
/// Days are counted from the first of March, so that the leap day is a year's last and a month's first day is a
/// linear function of the month; an era is the 400 years after which the calendar repeats.
struct CivilTime: Hashable {
    /// 0 to 9999, which is what the formats of this module can say.
    var year: Int
    /// 1 to 12.
    var month: Int
    /// 1 to 31.
    var day: Int
    var hour = 0
    var minute = 0
    var second = 0
    var millisecond = 0

    private static let daysInEra: Int64 = 146_097
    /// From 0000-03-01 to 1970-01-01.
    private static let daysBefore1970: Int64 = 719_468
    private static let millisecondsInDay: Int64 = 86_400_000
    /// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z.
    private static let representable: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// A moment outside the years 0 to 9999 becomes the nearest one inside.
    init(_ timestamp: Timestamp) {
        let clamped = min(
            max(timestamp.milliseconds, Self.representable.lowerBound), Self.representable.upperBound)
        let days = clamped.flooringDivision(by: Self.millisecondsInDay)
        var rest = Int(clamped - days * Self.millisecondsInDay)
        (year, month, day) = Self.date(daysSince1970: days)
        millisecond = rest % 1000
        rest /= 1000
        second = rest % 60
        minute = rest / 60 % 60
        hour = rest / 3600
    }

    /// nil for a date or time that does not exist. A second of 60 is for the caller to judge.
    init?(
        year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int = 0
    ) {
        guard 0...9999 ~= year, 1...12 ~= month, 1...Self.days(inMonth: month, of: year) ~= day,
            0...23 ~= hour, 0...59 ~= minute, 0...60 ~= second, 0...999 ~= millisecond
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    /// The moment it names; a second of 60 is the next minute's first, as in POSIX time.
    var timestamp: Timestamp {
        let secondOfDay = Int64(hour * 3600 + minute * 60 + second)
        return Timestamp(
            milliseconds: daysSince1970 * Self.millisecondsInDay + secondOfDay * 1000 + Int64(millisecond))
    }

    /// 0 is Sunday.
    var weekday: Int {
        // 1970-01-01 was a Thursday; 0000-01-01 lies 719,528 days before, and 719,530 is a multiple of seven.
        Int((daysSince1970 + 4 + 719_530) % 7)
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private var daysSince1970: Int64 {
        let yearFromMarch = Int64(month > 2 ? year : year - 1)
        let era = yearFromMarch.flooringDivision(by: 400)
        let yearOfEra = yearFromMarch - era * 400
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * Self.daysInEra + dayOfEra - Self.daysBefore1970
    }

    private static func date(daysSince1970 days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + daysBefore1970
        let era = shifted.flooringDivision(by: daysInEra)
        let dayOfEra = shifted - era * daysInEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5) + 1
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }
}
