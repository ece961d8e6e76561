import Crypto
import Testing

@Suite struct ScryptTests {
    /// RFC 7914 §12.
    @Test(arguments: [
        (
            "", "", Scrypt.Cost(n: 16, r: 1, p: 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", Scrypt.Cost(n: 1024, r: 8, p: 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", Scrypt.Cost(n: 16384, r: 8, p: 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func derivesTheStandardsKeys(_ password: String, _ salt: String, _ cost: Scrypt.Cost, _ key: String) {
        let derived = Scrypt.derive(Secret(password), salt: Array(salt.utf8), cost: cost, length: 64)
        #expect(derived.map(Hex.encode) == key)
    }

    /// More memory than OpenSSL takes unasked. Expected of Python's hashlib.
    @Test func theUsualCostIsWithinItsMemory() {
        let derived = Scrypt.derive("correct horse", salt: Array(0..<16))
        #expect(
            derived.map(Hex.encode) == "5c662628ac4eb1068a287e2aa2a202ae248e98db04d61d3327e7342db6ec7097")
    }

    @Test(arguments: [
        Scrypt.Cost(n: 0, r: 8, p: 1), Scrypt.Cost(n: 1000, r: 8, p: 1), Scrypt.Cost(n: 1 << 15, r: 0, p: 1),
        Scrypt.Cost(n: 1 << 15, r: 8, p: -1), Scrypt.Cost(n: 1 << 40, r: 8, p: 1),
    ])
    func aCostThatMakesNoSenseIsRefused(_ cost: Scrypt.Cost) {
        #expect(Scrypt.derive("x", salt: [1], cost: cost) == nil)
    }
}
