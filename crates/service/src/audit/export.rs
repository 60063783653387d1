//! The file of signed heads: what shows that the newest events were cut off. It is only worth as
//! much as its distance from the database, so an operator copies it elsewhere.

use super::chain::Head;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Longer than any line of ours.
const LINE: i64 = 4096;

/// An export, open for appending.
pub(super) struct Export {
    file: File,
    /// The number of the last head in it; 0 if there is none.
    pub(super) last: i64,
}

impl Export {
    /// Opens or creates the file, mode 0640. What a crash left of a line goes.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o640);
        let mut file = options.open(path)?;
        let length = file.metadata()?.len();
        let start = length.saturating_sub(LINE.unsigned_abs());
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let complete = tail
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |i| i + 1);
        if complete < tail.len() {
            file.set_len(start + complete as u64)?;
        }
        let line = tail[..complete].split(|byte| *byte == b'\n').rev().nth(1);
        let last = match line {
            None => 0,
            Some(line) => serde_json::from_slice::<Head>(line)?.number,
        };
        Ok(Self { file, last })
    }

    /// Appends heads that are newer; returns once they are on the disk.
    pub(super) fn append(&mut self, heads: &[Head]) -> io::Result<()> {
        let Some(newest) = heads.last() else {
            return Ok(());
        };
        let mut lines = Vec::new();
        for head in heads {
            serde_json::to_writer(&mut lines, head)?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines)?;
        self.file.sync_all()?;
        self.last = newest.number;
        Ok(())
    }
}

/// The lines of an export with their numbers; `None` where a line is no head.
pub(super) fn read(
    path: &Path,
) -> io::Result<impl Iterator<Item = io::Result<(usize, Option<Head>)>>> {
    let lines = BufReader::new(File::open(path)?).lines();
    Ok((1..)
        .zip(lines)
        .map(|(number, line)| line.map(|line| (number, serde_json::from_str(&line).ok()))))
}
