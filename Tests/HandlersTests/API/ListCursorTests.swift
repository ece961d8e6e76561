import Crypto
import Testing

@testable import Handlers

struct ListCursorTests {
    @Test func isOpaqueAndComesBack() throws {
        let id = try #require(UUID("0192a5b0-c0de-7abc-89ab-cdef01234567"))
        #expect(ListCursor.encode(id) == "AQGSpbDA3nq8iavN7wEjRWc")
        #expect(ListCursor.decode("AQGSpbDA3nq8iavN7wEjRWc") == id)
    }

    @Test(arguments: [
        "", "x", "0192a5b0-c0de-7abc-89ab-cdef01234567", "AgGSpbDA3nq8iavN7wEjRWc", "AQGSpbDA3nq8iavN7wEjRW",
        "AQGSpbDA3nq8iavN7wEjRWcA", "AQGSpbDA3nq8iavN7wEjRW=", "AQGSpbDA3nq8iavN7wEjR++",
        "AQGSpbDA3nq8iavN7wEjRé",
    ])
    func isRefusedWhenItIsNone(_ text: String) {
        #expect(ListCursor.decode(text) == nil)
    }
}
