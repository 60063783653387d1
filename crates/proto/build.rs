//! Generates the gRPC code from `proto/`, with a Rust compiler of protobuf: no `protoc` needed.
//! Also the descriptors themselves, for gRPC's reflection, and the path of each method.

use std::fmt::Write as _;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    let file = "kazasu/companion/v1/companion.proto";
    println!("cargo::rerun-if-changed={root}");
    let descriptors = protox::compile([file], [root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(
        out.join("descriptors.bin"),
        prost::Message::encode_to_vec(&descriptors),
    )?;
    let mut paths = String::from("&[");
    for file in &descriptors.file {
        for service in &file.service {
            for method in &service.method {
                let (package, service) = (file.package(), service.name());
                write!(paths, "\"/{package}.{service}/{}\",", method.name())?;
            }
        }
    }
    std::fs::write(out.join("methods.rs"), paths + "]")?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
