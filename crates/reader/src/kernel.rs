//! Kernel modules that hold a USB reader before libnfc can.

use std::fs;

/// The modules that claim PN53x readers.
const CLAIMING: [&str; 3] = ["pn533", "pn533_usb", "nfc"];

/// Those of them that are loaded now. Empty where there is no `/proc/modules`.
pub(crate) fn claiming_modules() -> Vec<&'static str> {
    fs::read_to_string("/proc/modules").map_or_else(|_| Vec::new(), |text| claiming_in(&text))
}

/// `text` has one module a line, its name first, as proc(5) describes.
fn claiming_in(text: &str) -> Vec<&'static str> {
    let loaded: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    CLAIMING
        .into_iter()
        .filter(|module| loaded.contains(module))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_that_claim_a_reader_are_found_by_their_whole_name() {
        let text = "nfcsim 16384 0 - Live 0x0\npn533_usb 20480 0 - Live 0x0\n\
                    pn533 45056 1 pn533_usb, Live 0x0\nusbcore 1 1 nfc, Live 0x0\n";
        assert_eq!(claiming_in(text), ["pn533", "pn533_usb"]);
        assert_eq!(claiming_in(""), [""; 0]);
    }
}
