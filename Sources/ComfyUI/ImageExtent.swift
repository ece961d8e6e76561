/// An upper bound of the pictures that come out of a node: their sides in pixels and how many there are.
/// Floating point, so that nothing a user writes can overflow it.
struct ImageExtent {
    var width: Double
    var height: Double
    var count: Double

    var pixels: Double { width * height }

    /// A picture whose size is not known here (an upload): as large as one may be made.
    static func unknown(maximumPixels: Int) -> ImageExtent {
        let side = Double(maximumPixels).squareRoot()
        return ImageExtent(width: side, height: side, count: 1)
    }

    /// Bounds both: of two inputs any may decide what comes out.
    func union(_ other: ImageExtent) -> ImageExtent {
        ImageExtent(
            width: max(width, other.width), height: max(height, other.height), count: max(count, other.count))
    }
}
