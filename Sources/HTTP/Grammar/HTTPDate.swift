import Foundation

/// Dates as HTTP writes them (IMF-fixdate, RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// Every answer has one, from whichever thread: nothing here takes a lock, as a shared copy would, and as libc does for `gmtime_r`.
package enum HTTPDate {
    private static let days: StaticString = "SunMonTueWedThuFriSat"
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    /// The date `seconds` after 1970 began.
    package static func text(_ seconds: Int) -> String {
        let (day, second) = floorDivided(seconds, by: 86400)
        let date = civil(day)
        return String(unsafeUninitializedCapacity: 29) { buffer in
            var end = 0
            func put(_ byte: UInt8) {
                buffer[end] = byte
                end += 1
            }
            func put(_ text: StaticString, _ range: Range<Int>) {
                for index in range { put(text.utf8Start[index]) }
            }
            func two(_ value: Int) {
                put(UInt8(ascii: "0") + UInt8(value / 10 % 10))
                put(UInt8(ascii: "0") + UInt8(value % 10))
            }
            // The first of January 1970 was a Thursday.
            let weekday = floorDivided(day + 4, by: 7).remainder
            put(days, (3 * weekday)..<(3 * weekday + 3))
            put(", ", 0..<2)
            two(date.day)
            put(" ", 0..<1)
            put(months, (3 * date.month - 3)..<(3 * date.month))
            put(" ", 0..<1)
            two(date.year / 100)
            two(date.year % 100)
            put(" ", 0..<1)
            two(second / 3600)
            put(":", 0..<1)
            two(second / 60 % 60)
            put(":", 0..<1)
            two(second % 60)
            put(" GMT", 0..<4)
            return end
        }
    }

    /// The Gregorian date of a day counted from 1970, the years 0 to 9999.
    ///
    /// Years are counted from March, so that the leap day is the last, and in cycles of 400 years of 146,097 days; months from March are
    /// 153 days in five.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let (cycle, dayOfCycle) = floorDivided(day + 719_468, by: 146_097)
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month: month, day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    private static func floorDivided(_ value: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// Now.
    static func now() -> String { text(time(nil)) }
}
