import Glibc

/// IMF-fixdate and the two obsolete forms (RFC 9110 §5.6.7).
public enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Length of an IMF-fixdate.
    static let byteCount = 29

    /// e.g. `Sun, 06 Nov 1994 08:49:37 GMT`; `seconds` since 1970, years 1970 to 9999.
    public static func format(seconds: Int64) -> String {
        let day = seconds / 86_400
        let second = seconds % 86_400
        let (year, month, dayOfMonth) = civil(fromDays: day)
        return "\(days[Int(day % 7)]), \(two(dayOfMonth)) \(months[month - 1]) \(four(year)) "
            + "\(two(Int(second / 3600))):\(two(Int(second / 60 % 60))):\(two(Int(second % 60))) GMT"
    }

    /// Seconds since 1970, less than 0 before; nil for anything that is not one of the three forms to the letter, or not a
    /// real moment since the year 1. That the name of the day fits the date is not asked. `now`, the same seconds, is asked for
    /// with a year of two digits only.
    public static func parse(_ text: String, now: @autoclosure () -> Int64 = Int64(time(nil))) -> Int64? {
        let bytes = Array(text.utf8)
        if fits(bytes, "???, ?? ??? ???? ??:??:?? GMT"), isDay(bytes[..<3]) {
            return moment(bytes[5..<7], bytes[8..<11], year: number(bytes[12..<16]), time: bytes[17..<25])
        }
        if fits(bytes, "??? ??? ?? ??:??:?? ????"), isDay(bytes[..<3]) {
            // asctime pads the day with a space.
            let day = bytes[8] == Octet.space ? [UInt8(ascii: "0"), bytes[9]][...] : bytes[8..<10]
            return moment(day, bytes[4..<7], year: number(bytes[20..<24]), time: bytes[11..<19])
        }
        guard let comma = bytes.firstIndex(of: Octet.comma), longDays.contains(where: bytes[..<comma].elementsEqual)
        else { return nil }
        let rest = Array(bytes[comma...])
        guard fits(rest, ", ??-???-?? ??:??:?? GMT"), let year = number(rest[9..<11]) else { return nil }
        return moment(
            rest[2..<4], rest[5..<8], year: whole(year, civil(fromDays: now() / 86_400).0), time: rest[12..<20])
    }

    /// A year of two digits that would be more than 50 years ahead lies in the past (RFC 9110 §5.6.7).
    private static func whole(_ year: Int, _ thisYear: Int) -> Int {
        let sameCentury = thisYear / 100 * 100 + year
        return sameCentury > thisYear + 50 ? sameCentury - 100 : sameCentury
    }

    private static let longDays = ["Thurs", "Fri", "Satur", "Sun", "Mon", "Tues", "Wednes"].map {
        Array("\($0)day".utf8)
    }

    /// Whether `bytes` has the shape: "?" stands for any byte.
    private static func fits(_ bytes: [UInt8], _ shape: StaticString) -> Bool {
        guard bytes.count == shape.utf8CodeUnitCount else { return false }
        for (index, byte) in bytes.enumerated() {
            let wanted = shape.utf8Start[index]
            guard wanted == byte || wanted == Octet.questionMark else { return false }
        }
        return true
    }

    private static func isDay(_ name: ArraySlice<UInt8>) -> Bool {
        days.contains { name.elementsEqual($0.utf8) }
    }

    /// `time` is "hh:mm:ss", whose colons were seen.
    private static func moment(
        _ day: ArraySlice<UInt8>, _ month: ArraySlice<UInt8>, year: Int?, time: ArraySlice<UInt8>
    ) -> Int64? {
        let start = time.startIndex
        guard let monthIndex = months.firstIndex(where: { month.elementsEqual($0.utf8) }), let year, year >= 1,
            let day = number(day), let hour = number(time[start..<(start + 2)]),
            let minute = number(time[(start + 3)..<(start + 5)]), let second = number(time[(start + 6)...]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let dayNumber = daysFromCivil(year: year, month: monthIndex + 1, day: day)
        guard civil(fromDays: dayNumber) == (year, monthIndex + 1, day) else { return nil }
        return dayNumber * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard Octet.isDigit(digit) else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    private static func four(_ value: Int) -> String {
        String(repeating: "0", count: max(0, 4 - "\(value)".count)) + "\(value)"
    }

    /// Proleptic Gregorian calendar in whole eras of 400 years (146 097 days).
    private static func civil(fromDays days: Int64) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (Int(year), Int(month), Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))
    }

    private static func daysFromCivil(year: Int, month: Int, day: Int) -> Int64 {
        let year = Int64(month <= 2 ? year - 1 : year)
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + Int64(day) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
