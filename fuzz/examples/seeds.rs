//! Writes every target's seeds where cargo-fuzz looks for inputs: `fuzz/corpus/<target>/`.

use kazasu_fuzz::fuzzing::TARGETS;
use std::path::Path;

fn main() -> std::io::Result<()> {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
