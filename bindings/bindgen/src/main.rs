//! uniffi's own generator, at the version that the libraries are built with: any other is refused
//! by the checksums in what it generates.

fn main() {
    uniffi::uniffi_bindgen_main();
}
