import Crypto
import Glibc
import HTTP
import JSON
import Testing

@testable import LambdaRuntime

@Suite struct FunctionErrorTests {
    @Test func `an error knows the line that made it`() throws {
        let line = #line + 1
        let error = FunctionError(type: "T.T", message: "m")
        #expect(error.stackTrace == ["LambdaRuntimeTests/FunctionErrorTests.swift:\(line)"])
    }

    /// The members that AWS's own runtimes send (aws-lambda-java-libs, aws-lambda-dotnet): nothing documents them.
    @Test func `X-Ray is told the cause in the form of AWS's runtimes`() throws {
        let error = FunctionError(type: "T.T", message: "said “no”\n", file: "M/F.swift", line: 7)
        let path = unsafe getcwd(nil, 0)
        defer { unsafe free(path) }
        let folder = unsafe path.map { unsafe String(cString: $0) }
        let expected: JSON = [
            "working_directory": .string(try #require(folder)),
            "exceptions": [
                [
                    "type": "T.T", "message": "said “no”\n",
                    "stack": [["path": "M/F.swift", "line": 7, "label": ""]],
                ]
            ],
            "paths": ["M/F.swift"],
        ]
        #expect(try JSON(parsing: error.xrayCause) == expected)
        #expect(error.xrayCause.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(error.xrayCause.contains(#"said \u201cno\u201d\n"#))
    }

    @Test func `characters beyond sixteen bits are escaped as two`() {
        let error = FunctionError(type: "T.T", message: "🙂")
        #expect(error.xrayCause.contains(#"\ud83d\ude42"#))
    }

    @Test func `a long message is cut in header and document`() throws {
        let error = FunctionError(type: "T.T", message: String(repeating: "é", count: 1 << 20))
        #expect(error.xrayCause.utf8.count < 64 << 10)
        #expect(error.document.count < 66 << 10)
        let message = try #require(JSON(parsing: error.document)["errorMessage"]?.string)
        #expect(message.hasSuffix("é …"))
    }

    @Test func `trailers carry the document in base64`() throws {
        let error = FunctionError(type: "T.T", message: "m")
        #expect(error.trailers["Lambda-Runtime-Function-Error-Type"] == "T.T")
        let body = try #require(error.trailers["Lambda-Runtime-Function-Error-Body"])
        #expect(Base64.decode(body) == error.document)
    }
}
