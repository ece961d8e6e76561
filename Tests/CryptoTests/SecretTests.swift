import Testing

@testable import Crypto

@Suite struct SecretTests {
    @Test func itsMemoryIsWipedBeforeItIsGivenBack() {
        nonisolated(unsafe) var left: [UInt8]?
        func live() {
            let secret = unsafe Secret(Array("wJalrXUtnFEMI/K7MDENG".utf8)) { memory in
                unsafe left = Array(memory)
                unsafe memory.deallocate()
            }
            secret.withBytes { bytes in #expect(bytes.count == 21 && bytes[0] == UInt8(ascii: "w")) }
            #expect(unsafe left == nil)
        }
        live()
        #expect(unsafe left == [UInt8](repeating: 0, count: 21))
    }

    @Test func itComparesByItsBytes() {
        #expect(Secret("one") == "one")
        #expect(Secret("one") != "two")
        #expect(Secret("one") != "one more")
        #expect(Secret("") == Secret([]))
        #expect(Set([Secret("one"), Secret("one"), Secret("two")]).count == 2)
    }

    @Test func printedOrDumpedItShowsNothing() {
        var text = "\(Secret("hush")) \(String(reflecting: Secret("hush"))) "
        dump(Secret("hush"), to: &text)
        #expect(!text.utf8.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual("hush".utf8) })
        #expect(text.utf8.count < 40)
    }
}
