#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| egress_probe_fuzz::check("catalog", input));
