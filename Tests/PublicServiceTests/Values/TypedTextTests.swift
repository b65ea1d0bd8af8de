import Foundation
import Testing

@testable import PublicService

@Suite struct TypedTextTests {
    static let today = LocalDate("2026-11-24") ?? LocalDate(dayNumber: 0)

    @Test func composesAndTrims() throws {
        let decomposed = "  Nguyễn   Thị\u{A0}Ánh ".decomposedStringWithCanonicalMapping
        let name = try PersonName.check(decomposed)
        #expect(name == "Nguyễn Thị Ánh")
        #expect(
            name.unicodeScalars.elementsEqual("Nguyễn Thị Ánh".precomposedStringWithCanonicalMapping.unicodeScalars))
    }

    @Test(arguments: [
        ("", TextDefect.missing), (" \t", .missing), ("Nguy\u{1A3}", .wrongLetter), ("a\u{0}b", .controlCharacter),
        ("a\r\nb", .controlCharacter), ("a\u{202E}b", .invisibleCharacter), ("a\u{200B}b", .invisibleCharacter),
        ("<script>", .notAName), ("Anh 2", .notAName), (".'-", .notAName),
        (String(repeating: "a", count: 121), .tooLong(limit: 120)),
    ]) func refusesBadNames(_ raw: String, _ defect: TextDefect) {
        #expect(throws: defect) { try PersonName.check(raw) }
    }

    @Test(arguments: ["0912345678", "0912 345 678", "+84912345678", "+84 91-234.56.78", "84912345678", "０９１２３４５６７８"])
    func acceptsPhonesAsTyped(_ raw: String) throws {
        #expect(try PhoneNumber.check(raw) == "0912345678")
    }

    @Test(arguments: [
        "1234567890", "091234567", "09123456789", "01234567890", "0912a45678", "+1 555 123 4567", "0000000000",
    ])
    func refusesPhonesThatDoNotExist(_ raw: String) {
        #expect(throws: TextDefect.notAPhone) { try PhoneNumber.check(raw) }
    }

    @Test(arguments: ["038190000123", "038 190 000 123", "001204000001", "079305012345", "０38190000123"])
    func acceptsIdentityNumbers(_ raw: String) throws {
        #expect(try PersonalID.check(raw, today: TypedTextTests.today).count == 12)
    }

    @Test(arguments: [
        ("003090000123", TextDefect.notAnID), ("038990000123", .notAnID),
        ("38190000123", .digitCount(expected: 12, found: 11)),
        ("03819000012x", .notAnID), ("", .missing),
    ]) func refusesBadIdentityNumbers(_ raw: String, _ defect: TextDefect) {
        #expect(throws: defect) { try PersonalID.check(raw, today: TypedTextTests.today) }
    }

    @Test(arguments: ["1/2/1990", "01-02-1990", "01.02.1990", "01021990", "1 2 1990", "1990-02-01"])
    func readsDatesAsTyped(_ raw: String) throws {
        #expect(try DateInput.check(raw).description == "1990-02-01")
    }

    @Test(arguments: [
        ("010290", TextDefect.ambiguousDate), ("1/2/90", .ambiguousDate), ("30/2/1990", .notADate),
        ("1/13/1990", .notADate),
        ("x", .notADate), ("", .missing), ("//", .missing), ("1/2", .notADate), ("1/2/19901", .notADate),
    ]) func refusesBadDates(_ raw: String, _ defect: TextDefect) {
        #expect(throws: defect) { try DateInput.check(raw) }
    }

    @Test func foldsForSearch() {
        #expect(TypedText.folded("Đăng ký KHAI SINH (lưu động)") == "dang ky khai sinh luu dong")
        #expect(TypedText.folded("Đường".decomposedStringWithCanonicalMapping) == "duong")
    }

    @Test(arguments: ["a@b.vn", "ten.ho+1@mail.example.com"]) func acceptsAddresses(_ raw: String) throws {
        #expect(try EmailAddress.check(" \(raw) ") == raw)
    }

    @Test(arguments: ["a", "a@b", "@b.vn", "a@b..vn", "a b@c.vn", "a@b@c.vn", "à@b.vn"]) func refusesAddresses(
        _ raw: String
    ) {
        #expect(throws: TextDefect.notAnEmail) { try EmailAddress.check(raw) }
    }
}
