import FoundationEssentials
import HTTPWire
import Platform
import PublicService
import Store
import Web

/// Open data for programs: procedures, due dates, figures, the description of it all.
extension Portal {
    func addOpenData(to routes: inout Routes) {
        routes.program(.get, "/api/v1/procedures", bodyLimit: 0) { [self] exchange in
            guard !exchange.head.hasQuery else { return listProcedures(exchange) }
            return try await keep(exchange, "procedures") { try SortedJSON.encode(procedures("", limit: 100)) }
        }
        routes.program(.get, "/api/v1/procedures/{code}", bodyLimit: 0) { [self] exchange in
            try await keep(exchange, "procedures") { try SortedJSON.encode(try procedure(exchange)) }
        }
        routes.program(.get, "/api/v1/procedures/{code}/example", bodyLimit: 0) { [self] exchange in
            try await keep(exchange, "procedures") { try SortedJSON.encode(try example(exchange)) }
        }
        // Nearly every question is another one: answers are neither kept here nor by who asks.
        routes.program(.get, "/api/v1/due", bodyLimit: 0) { [self] in due($0) }
        routes.program(.get, "/api/v1/statistics", bodyLimit: 0) { [self] exchange in
            try await keep(exchange, Portal.figuresTag) {
                try SortedJSON.encode(["months": try await store.months(agency: agency.code)])
            }
        }
        routes.program(.get, "/api/v1/openapi.json", bodyLimit: 0) { [self] exchange in
            try await keep(exchange, "description") { openAPI }
        }
    }

    /// Open data is kept as public pages are: with its tag, compressed, until it changes or the day ends.
    private func keep(
        _ exchange: Exchange, _ tag: String, make: () async throws -> [UInt8]
    ) async throws -> Response {
        try await cache.response(
            for: exchange.head.path, tags: [tag], to: exchange, type: "application/json; charset=utf-8", make: make)
    }

    private func listProcedures(_ exchange: Exchange) -> Response {
        if let refusal = refusal(ofRepeated: ["q", "limit"], exchange) { return refusal }
        let query = (exchange.query["q"] ?? "").trimmed
        let limitText = exchange.query["limit"] ?? "100"
        guard let limit = Int(limitText), (1...500).contains(limit) else { return apiRefusal("limit", "badLimit") }
        return apiResponse(procedures(query, limit: limit))
    }

    private func procedures(_ query: String, limit: Int) -> APIProcedureList {
        let inForce = catalogue.inForce(on: today)
        let found = query.isEmpty ? inForce : ProcedureSearch(inForce).find(query)
        let rows = found.prefix(limit).map {
            APIProcedureRow(
                code: $0.code.rawValue, name: $0.name, field: $0.field, revision: $0.revision,
                onlineLevel: $0.onlineLevel,
                hasForm: $0.form != nil)
        }
        return APIProcedureList(items: Array(rows), total: found.count)
    }

    private func example(_ exchange: Exchange) throws -> APISubmission {
        let procedure = try procedure(exchange)
        guard let example = examples[procedure.code] else { throw Refused(.notFound, "no example") }
        var body = example
        body.agency = agency.code.rawValue
        return body
    }

    private func due(_ exchange: Exchange) -> Response {
        struct Answer: Encodable {
            let due: String
            let because: [String]
        }
        let query = exchange.query
        if let refusal = refusal(ofRepeated: ["received", "quantity", "unit", "pauses"], exchange) { return refusal }
        do throws(DueQuestion.Refusal) {
            let asked = try DueQuestion(
                received: query["received"], quantity: query["quantity"], unit: query["unit"], pauses: query["pauses"])
            let due = try asked.answer(catalogue.clock)
            return apiResponse(Answer(due: due.due.description, because: due.because.map { words($0) }))
        } catch {
            let names = ["nhan_luc": "received", "so_luong": "quantity", "don_vi": "unit"]
            return apiRefusal(names[error.field] ?? error.field, error.key)
        }
    }

    /// 422 when one of `names` stands twice in the query: nobody knows which of the two was meant.
    func refusal(ofRepeated names: [String], _ exchange: Exchange) -> Response? {
        names.first { exchange.query.all($0).count > 1 }.map { apiRefusal($0, "repeated") }
    }

    /// 422 with the field, the key and the sentence.
    func apiRefusal(_ field: String, _ key: String, _ message: String? = nil) -> Response {
        let sentence = message ?? messages.say("due.\(key)")
        return apiResponse(
            [
                "error": APIError(
                    code: key, message: sentence, fields: [.init(field: field, key: key, message: sentence)])
            ],
            .unprocessableContent)
    }
}
