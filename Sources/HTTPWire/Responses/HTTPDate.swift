/// IMF-fixdate and the two obsolete forms (RFC 9110 §5.6.7).
public enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// e.g. `Sun, 06 Nov 1994 08:49:37 GMT`; `seconds` since 1970, years 1970 to 9999.
    public static func format(seconds: Int64) -> String {
        let day = seconds / 86_400
        let second = seconds % 86_400
        let (year, month, dayOfMonth) = civil(fromDays: day)
        return "\(days[Int(day % 7)]), \(two(dayOfMonth)) \(months[month - 1]) \(four(year)) "
            + "\(two(Int(second / 3600))):\(two(Int(second / 60 % 60))):\(two(Int(second % 60))) GMT"
    }

    /// Seconds since 1970; nil for anything that is not one of the three forms or not a real moment.
    public static func parse(_ text: String) -> Int64? {
        let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        switch parts.count {
        case 6 where parts[5] == "GMT" && parts[0].count == 3:
            if text.contains("-") { return nil }
            return moment(day: parts[1], month: parts[2], year: parts[3], time: parts[4])
        case 6 where parts[5] == "GMT":
            // RFC 850: a two-digit year more than 50 years ahead lies in the past century.
            guard parts[3].utf8.count == 2, let year = Int(parts[3]) else { return nil }
            return moment(
                day: parts[1], month: parts[2], year: year < 70 ? "20\(parts[3])" : "19\(parts[3])", time: parts[4])
        case 5 where parts[0].count == 3:
            // asctime: the day may be padded with a space.
            let day = parts[2].utf8.count == 1 ? "0" + parts[2] : parts[2]
            return moment(day: day, month: parts[1], year: parts[4], time: parts[3])
        default: return nil
        }
    }

    private static func moment(day: String, month: String, year: String, time: String) -> Int64? {
        let clock = time.split(separator: ":").map(String.init)
        guard let monthIndex = months.firstIndex(of: month), clock.count == 3,
            let day = number(day, digits: 2), let year = number(year, digits: 4),
            let hour = number(clock[0], digits: 2), let minute = number(clock[1], digits: 2),
            let second = number(clock[2], digits: 2), hour < 24, minute < 60, second <= 60
        else { return nil }
        let dayNumber = daysFromCivil(year: year, month: monthIndex + 1, day: day)
        guard civil(fromDays: dayNumber) == (year, monthIndex + 1, day), year >= 1970 else { return nil }
        return dayNumber * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private static func number(_ text: String, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy(Octet.isDigit) else { return nil }
        return Int(text)
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
