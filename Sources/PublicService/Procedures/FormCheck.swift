/// What is wrong with an answer, and where.
public struct AnswerDefect: Sendable, Hashable {
    /// The question.
    public let question: String
    /// What is wrong.
    public let defect: TextDefect

    /// Names a defect.
    public init(question: String, defect: TextDefect) {
        self.question = question
        self.defect = defect
    }
}

/// Answers of a form, checked.
public struct CheckedAnswers: Sendable, Hashable {
    /// Answers that hold, by question; unanswered optional ones are absent.
    public var answers: [String: String]
    /// Every defect, in the form's order.
    public var defects: [AnswerDefect]

    /// Puts them together.
    public init(answers: [String: String], defects: [AnswerDefect]) {
        self.answers = answers
        self.defects = defects
    }
}

extension Condition {
    /// Whether it holds for `answers`.
    public func holds(_ answers: [String: String]) -> Bool {
        let answer = answers[question]
        if let equals { return answer == equals }
        if let isIn { return answer.map { isIn.contains($0) } ?? false }
        if let exceeds { return answer.flatMap { Int($0) }.map { $0 > exceeds } ?? false }
        return answer != nil
    }
}

extension Form {
    /// The screens that `answers` call for, in order.
    public func steps(for answers: [String: String]) -> [FormStep] {
        steps.filter { $0.when?.holds(answers) ?? true }
    }

    /// Checks what was typed for `step`. Fields that the step does not ask for are ignored.
    public func check(_ step: FormStep, _ typed: [String: [String]], today: LocalDate) -> CheckedAnswers {
        var checked = CheckedAnswers(answers: [:], defects: [])
        // By index: a question has many parts, and a copy would count a reference to each.
        for index in step.questions.indices {
            let id = step.questions[index].id
            do throws(TextDefect) {
                if let answer = try step.questions[index].check(typed[id] ?? [], today: today) {
                    checked.answers[id] = answer
                }
            } catch {
                checked.defects.append(AnswerDefect(question: id, defect: error))
            }
        }
        return checked
    }

    /// Checks a whole set of answers; those of screens that are not called for are dropped.
    public func check(_ typed: [String: [String]], today: LocalDate) -> CheckedAnswers {
        var all = CheckedAnswers(answers: [:], defects: [])
        for step in steps where step.when?.holds(all.answers) ?? true {
            let part = check(step, typed, today: today)
            all.answers.merge(part.answers) { $1 }
            all.defects.append(contentsOf: part.defects)
        }
        return all
    }

    /// Every question by id.
    public var questions: [Question] { steps.flatMap(\.questions) }
}

extension Question {
    /// The answer in its checked form; nil when nothing was typed and nothing need be.
    public func check(_ typed: [String], today: LocalDate) throws(TextDefect) -> String? {
        guard typed.count <= 1 else { throw .repeated }
        do throws(TextDefect) {
            return try checkOne(typed.first ?? "", today)
        } catch {
            if error == .missing, optional ?? false { return nil }
            throw error
        }
    }

    private func checkOne(_ raw: String, _ today: LocalDate) throws(TextDefect) -> String {
        switch kind {
        case .personName: return try PersonName.check(raw)
        case .text: return try TypedText.line(raw, limit: maximum ?? 200)
        case .address: return try TypedText.line(raw, limit: maximum ?? 250)
        case .paragraph: return try TypedText.paragraph(raw, limit: maximum ?? 2000)
        case .personalID: return try PersonalID.check(raw, today: today)
        case .phone: return try PhoneNumber.check(raw)
        case .email: return try EmailAddress.check(raw)
        case .yesNo:
            guard !raw.isEmpty else { throw .missing }
            guard raw == "yes" || raw == "no" else { throw .notAChoice }
            return raw
        case .choice, .select:
            guard !raw.isEmpty else { throw .missing }
            guard options?.contains(where: { $0.value == raw }) ?? false else { throw .notAChoice }
            return raw
        case .number: return try checkNumber(raw)
        case .date: return try checkDate(raw, today)
        }
    }

    private func checkNumber(_ raw: String) throws(TextDefect) -> String {
        let text = try TypedText.line(raw, limit: 20)
        guard let digits = TypedText.digits(text), !digits.isEmpty, digits.count <= 9, let number = Int(digits),
            !text.hasPrefix("-")
        else { throw .notANumber }
        let (least, most) = (minimum ?? 0, maximum ?? 999_999_999)
        guard (least...most).contains(number) else { throw .outOfBounds(from: least, to: most) }
        return String(number)
    }

    private func checkDate(_ raw: String, _ today: LocalDate) throws(TextDefect) -> String {
        let date = try DateInput.check(raw)
        switch range ?? "past" {
        case "past": guard date <= today else { throw .notPast }
        case "future": guard date >= today else { throw .notFuture }
        default: break
        }
        return date.description
    }
}
