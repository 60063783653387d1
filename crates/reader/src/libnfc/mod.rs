//! libnfc, kept in a child process per reader.

mod child;
mod lock;
mod process;
mod wire;

pub use child::run_child_if_asked;
pub use process::ChildProgram;
pub(crate) use process::{OpenError, open, scan};

/// The first argument that turns a program into the child. Nobody types it.
const CHILD_ARGUMENT: &str = "__libnfc-child";

/// The drivers of libnfc 1.8 that connection strings may name (`libnfc/drivers/`). Its drivers
/// on top of PC/SC are left out: such readers are used through PC/SC itself.
const DRIVERS: [&str; 7] = [
    "pn532_uart",
    "pn532_spi",
    "pn532_i2c",
    "pn53x_usb",
    "acr122_usb",
    "acr122s",
    "arygon",
];

/// Whether a reader's name is a libnfc connection string, such as `pn532_uart:/dev/ttyUSB0`.
pub(crate) fn is_connection_string(name: &str) -> bool {
    // libnfc keeps connection strings in 1,024 bytes, the final NUL included (`nfc-types.h`).
    name.len() < 1024
        && !name.contains('\0')
        && DRIVERS.contains(&name.split(':').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_are_told_from_pcsc_names() {
        assert!(is_connection_string("pn532_uart:/dev/ttyUSB0"));
        assert!(is_connection_string("pn53x_usb"));
        assert!(!is_connection_string("Virtual PCD 00 00"));
        assert!(!is_connection_string("pcsc:Some Reader"));
        assert!(!is_connection_string("pn532_uart:/dev/tty\0"));
        assert!(!is_connection_string(&format!(
            "pn532_uart:{}",
            "x".repeat(1024)
        )));
    }
}
