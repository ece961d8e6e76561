import Testing

@testable import Handlers

@Suite struct IdempotencyStoreTests {
    /// SHA-256 of "5:alicemy-key", by another tool.
    @Test func theRecordsNameIsAHash() {
        #expect(
            IdempotencyStore.partition(user: "alice", key: "my-key")
                == "IDEM#9953f0c5fc4152f768410d57511d0b917027fb86dfc1168915bdeb25d9ced889")
    }

    @Test func userAndKeyCannotBeMistakenForEachOther() {
        #expect(
            IdempotencyStore.partition(user: "a", key: "b1:c")
                != IdempotencyStore.partition(user: "ab", key: "1:c"))
    }
}
