import JSON
import Testing

@testable import Handlers

/// The contract names the fields that are read, each with the default that its absence means.
struct FieldDescriptionTests {
    @Test func generateDescribesWhatItReads() {
        var reader = FieldReader([:])
        _ = GenerateRequest(&reader, maximumPixels: 1 << 20)
        #expect(reader.known == Set(GenerateRequest.fields.map(\.name)))
    }

    @Test func executeDescribesWhatItReads() {
        var reader = FieldReader([:])
        _ = WorkflowRequest(&reader)
        #expect(reader.known == Set(WorkflowRequest.fields.map(\.name)))
    }

    @Test func requiredIsWhatWasRefused() {
        var reader = FieldReader([:])
        _ = GenerateRequest(&reader, maximumPixels: 1 << 20)
        #expect(
            reader.faults.map(\.field) == GenerateRequest.fields.filter(\.isRequired).map(\.name))
    }

    @Test(arguments: GenerateRequest.fields + WorkflowRequest.fields)
    func defaultsAreAcceptedValues(_ field: FieldDescription) {
        guard let absent = field.absent else { return }
        var reader = FieldReader([field.name: absent])
        _ = GenerateRequest(&reader, maximumPixels: 1 << 20)
        _ = WorkflowRequest(&reader)
        #expect(reader.accepted(field.name))
    }
}
