//! Generates the gRPC code from `proto/`, with a Rust compiler of protobuf: no `protoc` needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    let file = "kazasu/companion/v1/companion.proto";
    println!("cargo::rerun-if-changed={root}");
    let descriptors = protox::compile([file], [root])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
