//! QR codes.

use qrcode::QrCode;
use qrcode::render::svg;

/// An address as an image to scan: an SVG element, black on white with its margin, 240 pixels at
/// least. What is too long for a code is no image.
pub(crate) fn svg(address: &str) -> String {
    let Ok(code) = QrCode::new(address) else {
        return String::new();
    };
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .build();
    // The XML declaration before the element has no place inside HTML.
    let element = image.find("<svg").map_or("", |start| &image[start..]);
    element.to_owned()
}
