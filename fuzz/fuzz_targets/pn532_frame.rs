#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| kazasu_fuzz::fuzzing::pn532_frame(data));
