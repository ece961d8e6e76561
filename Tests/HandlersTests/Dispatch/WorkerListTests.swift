import HTTP
import Testing

@testable import Handlers

@Suite struct WorkerListTests {
    private static let defaults = WorkerList.Defaults(
        labels: ["eu"], slots: 2, authorization: WorkerAuthorization("Bearer all"))

    @Test func anEntryOfAJSONListOverridesTheDefaults() throws {
        let text = """
            ["http://10.0.0.1:8188",
             {"url": "https://gpu.example.com/comfy", "slots": 4, "labels": ["a100", "us"],
              "authorization": "secret:token"},
             {"url": "http://10.0.0.2:8188", "authorization": "", "labels": []}]
            """
        let workers = try WorkerList.parse(text, Self.defaults)
        #expect(
            workers.map(\.address.description) == [
                "http://10.0.0.1:8188/", "https://gpu.example.com/comfy", "http://10.0.0.2:8188/",
            ])
        #expect(workers.map(\.slots) == [2, 4, 2])
        #expect(workers.map(\.labels) == [["eu"], ["a100", "us"], []])
        #expect(
            workers.map(\.authorization) == [
                WorkerAuthorization("Bearer all"), WorkerAuthorization("secret:token"), nil,
            ])
    }

    @Test(arguments: [
        (#"["#, "a text that is no JSON list"),
        (#"{"url": "http://a"}"#, #"{"url": "http://a"}"#),
        (#"[1]"#, "entry 1"),
        (#"[{"slots": 1}]"#, "entry 1"),
        (#"["ftp://a"]"#, "ftp://a"),
        (#"["http://user:secret@a"]"#, "http://user:secret@a"),
        (#"["http://a", {"url": "http://b", "slots": 17}]"#, "slots of entry 2"),
        (#"[{"url": "http://b", "slots": "2"}]"#, "slots of entry 1"),
        (#"[{"url": "http://b", "labels": "a100"}]"#, "labels of entry 1"),
        (#"[{"url": "http://b", "authorization": 5}]"#, "authorization of entry 1"),
        (#"[{"url": "http://b", "header": "x"}]"#, "'header' of entry 1"),
        ("http://a,http://b, http://a/", "http://a/ twice"),
    ])
    func aFaultNamesTheEntry(_ text: String, _ found: String) {
        let error = #expect(throws: Configuration.Invalid.self) { try WorkerList.parse(text, .init()) }
        #expect(error?.variable == "COMFYUI_URLS")
        #expect(error?.found == found)
    }

    /// Neither what a fault is told with nor what a worker is printed with has the header.
    @Test func anAuthorizationIsNotShown() throws {
        let text = #"[{"url": "http://a", "authorization": "Bearer hidden", "slots": 0}]"#
        let error = #expect(throws: Configuration.Invalid.self) { try WorkerList.parse(text, .init()) }
        #expect(error.map { !"\($0)".contains("hidden") } == true)
        let worker = try #require(
            try WorkerList.parse(#"[{"url": "http://a", "authorization": "Bearer hidden"}]"#, .init()).first)
        #expect(!"\(worker)".contains("hidden"))
        #expect(!String(reflecting: worker).contains("hidden"))
    }

    @Test(arguments: [
        ("comfyui.internal", "comfyui.internal", 8188), ("gpu:80", "gpu", 80),
        ("_comfy.Default.svc", "_comfy.default.svc", 8188),
    ])
    func aNameHasComfyUIsPortUnlessItSaysAnother(_ text: String, _ host: String, _ port: Int) {
        let name = WorkerName(text)
        #expect(name?.host == host)
        #expect(name?.port == port)
    }

    @Test(arguments: [
        "http://gpu", "gpu/", "gpu/path", "gpu?x", "10.0.0.1", "[::1]:80", "gpu:0", "gpu:99999", "a b", "a,b",
    ])
    func whatIsNoNameIsRefused(_ text: String) throws {
        #expect(WorkerName(text) == nil)
        let error = #expect(throws: Configuration.Invalid.self) {
            try Configuration(
                environment: ConfigurationTests.required.merging(["COMFYUI_DNS": text]) { $1 })
        }
        #expect(error?.variable == "COMFYUI_DNS")
    }

    @Test func anIPv6AddressStandsInBrackets() throws {
        let worker = try #require(WorkerName("gpu:81")).worker(at: "2001:db8::7", Self.defaults)
        #expect(worker?.address.description == "http://[2001:db8::7]:81/")
        #expect(worker?.slots == 2)
        #expect(worker?.isFromDNS == true)
    }
}
