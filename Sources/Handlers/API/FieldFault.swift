import JSON

/// A fault of one field of a request, as `details.errors` shows it.
struct FieldFault: Error, Sendable, Hashable {
    /// The kinds of faults; listed in `docs/api.md`.
    enum Code: String, Sendable, CaseIterable {
        case required
        case wrongType = "wrong_type"
        case outOfRange = "out_of_range"
        case notAMultiple = "not_a_multiple"
        case tooShort = "too_short"
        case tooLong = "too_long"
        case controlCharacter = "control_character"
        case notAChoice = "not_a_choice"
        case malformed
        case notAllowed = "not_allowed"
        case unknownField = "unknown_field"
        case repeated
        case tooManyPixels = "too_many_pixels"
        case unknownParameter = "unknown_parameter"
        case unusedParameter = "unused_parameter"
        case moreFaults = "more_faults"
    }

    /// The field's name; empty for the body as a whole, a header's name for a header.
    var field: String
    var code: String
    var message: String

    init(_ field: String, _ code: Code, _ message: String) {
        self.init(field, code: code.rawValue, message)
    }

    /// With a code that a rule outside of this file gave.
    init(_ field: String, code: String, _ message: String) {
        // Names come from the client: an answer does not repeat them at any length.
        self.field = String(field.prefix(64))
        self.code = code
        self.message = message
    }

    var json: JSON {
        ["field": .string(field), "code": .string(code), "message": .string(message)]
    }
}

extension APIError {
    /// How many faults an answer lists: enough to mend a request by, and no lever to make a small request's answer a huge one.
    static let listedFaults = 100

    /// All faults of a request at once; those beyond `listedFaults` are counted.
    static func validation(_ faults: [FieldFault]) -> APIError {
        var listed = Array(faults.prefix(listedFaults))
        if faults.count > listed.count {
            let rest = faults.count - listed.count
            listed.append(FieldFault("", .moreFaults, "\(rest) more faults are not listed."))
        }
        let message =
            faults.count == 1
            ? faults[0].message : "The request has \(faults.count) faults; see details.errors."
        return APIError(
            .validationError, message, details: ["errors": .array(listed.map(\.json))])
    }
}
