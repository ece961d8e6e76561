internal import CExpat

/// Why bytes are no document that would be read.
struct XMLError: Error, Sendable, Hashable, CustomStringConvertible {
    let message: String
    let line: Int
    var description: String { "\(message) in line \(line)" }
}

extension XMLElement {
    /// Reads a document with expat. Document types are refused, and with them every entity of its own; depth and
    /// number of elements are bounded, the size is by whoever received the bytes.
    init(parsing bytes: [UInt8], maximumDepth: Int = 64, maximumElements: Int = 200_000) throws(XMLError) {
        self = try XMLReader(maximumDepth: maximumDepth, maximumElements: maximumElements).read(bytes)
    }
}

/// Owns the expat parser. The callbacks get `self` unretained: they run only while `read` does.
@safe private final class XMLReader {
    private let parser: XML_Parser?
    private let maximumDepth: Int
    private let maximumElements: Int
    private var open: [(element: XMLElement, text: [UInt8])] = []
    private var root: XMLElement?
    private var elements = 0
    private var refusal: String?

    init(maximumDepth: Int, maximumElements: Int) {
        unsafe parser = XML_ParserCreate(nil)
        self.maximumDepth = maximumDepth
        self.maximumElements = maximumElements
    }

    deinit { unsafe XML_ParserFree(parser) }

    func read(_ bytes: [UInt8]) throws(XMLError) -> XMLElement {
        guard unsafe parser != nil, let count = Int32(exactly: bytes.count) else {
            throw XMLError(message: "the document is too large", line: 0)
        }
        install()
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe XML_Parse(parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count, 1)
        }
        let line = unsafe Int(XML_GetCurrentLineNumber(parser))
        if let refusal { throw XMLError(message: refusal, line: line) }
        guard status == XML_STATUS_OK, let root else {
            let reason = unsafe XML_ErrorString(XML_GetErrorCode(parser)).map { unsafe String(cString: $0) }
            throw XMLError(message: reason ?? "no document", line: line)
        }
        return root
    }

    private func install() {
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { context, name, _ in
                guard let name = unsafe name else { return }
                unsafe XMLReader.from(context)?.start(String(cString: name))
            },
            { context, _ in unsafe XMLReader.from(context)?.end() })
        unsafe XML_SetCharacterDataHandler(parser) { context, text, length in
            unsafe XMLReader.from(context)?.append(UnsafeRawBufferPointer(start: text, count: Int(length)))
        }
        unsafe XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            unsafe XMLReader.from(context)?.refuse("a document type is refused")
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> XMLReader? {
        unsafe context.map { unsafe Unmanaged<XMLReader>.fromOpaque($0).takeUnretainedValue() }
    }

    private func start(_ name: String) {
        elements += 1
        if open.count >= maximumDepth { return refuse("more than \(maximumDepth) elements deep") }
        if elements > maximumElements { return refuse("more than \(maximumElements) elements") }
        open.append((XMLElement(name: name), []))
    }

    private func end() {
        guard let (begun, text) = open.popLast() else { return }
        var element = begun
        element.text = String(decoding: text, as: UTF8.self)
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].element.children.append(element)
        }
    }

    private func append(_ text: UnsafeRawBufferPointer) {
        guard !open.isEmpty else { return }
        unsafe open[open.count - 1].text.append(contentsOf: text)
    }

    /// Stops the parser; expat calls no handler after this but the end of an empty element it has begun.
    private func refuse(_ message: String) {
        if refusal == nil { refusal = message }
        unsafe _ = XML_StopParser(parser, 0)
    }
}
