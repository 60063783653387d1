//! The file: lines, and the sum over them.

use super::super::Value;
use super::BackupError;
use aws_lc_rs::digest::{Context, SHA256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    rows: u64,
    sha256: String,
}

/// A line between the first and the last.
pub(super) enum Line {
    Table { table: String, columns: Vec<String> },
    Row(Vec<Value>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableLine {
    table: String,
    columns: Vec<String>,
}

impl Line {
    pub(super) fn table(table: &str, columns: &[String]) -> TableLine {
        TableLine {
            table: table.to_owned(),
            columns: columns.to_vec(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.starts_with('[') {
            let row: Vec<Json> = serde_json::from_str(text).ok()?;
            return row
                .into_iter()
                .map(value)
                .collect::<Option<_>>()
                .map(Self::Row);
        }
        let TableLine { table, columns } = serde_json::from_str(text).ok()?;
        Some(Self::Table { table, columns })
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Blob(bytes) => serde_json::json!({ "hex": hex::encode(bytes) }),
    }
}

fn value(json: Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Number(number) => Value::Integer(number.as_i64()?),
        Json::String(text) => Value::Text(text),
        Json::Object(bytes) if bytes.len() == 1 => {
            Value::Blob(hex::decode(bytes.get("hex")?.as_str()?).ok()?)
        }
        _ => return None,
    })
}

pub(super) struct Writer {
    file: BufWriter<File>,
    sum: Context,
    rows: u64,
}

impl Writer {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self {
            file: BufWriter::new(file),
            sum: Context::new(&SHA256),
            rows: 0,
        })
    }

    pub(super) fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.sum.update(&text);
        self.file.write_all(&text)
    }

    pub(super) fn write_row(&mut self, row: &[Value]) -> io::Result<()> {
        self.rows += 1;
        self.write(&row.iter().map(json).collect::<Vec<_>>())
    }

    /// Returns the number of rows, once everything is on the disk.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let trailer = Trailer {
            rows: self.rows,
            sha256: hex::encode(self.sum.finish()),
        };
        serde_json::to_writer(&mut self.file, &trailer)?;
        self.file.write_all(b"\n")?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(self.rows)
    }
}

/// Whether the file is whole; returns the number of its rows.
pub(super) fn check(path: &Path) -> Result<u64, BackupError> {
    let mut lines = BufReader::new(File::open(path)?);
    let mut sum = Context::new(&SHA256);
    let (mut last, mut line, mut rows) = (Vec::new(), Vec::new(), 0);
    while lines.read_until(b'\n', &mut line)? > 0 {
        sum.update(&last);
        rows += u64::from(last.starts_with(b"["));
        last = std::mem::take(&mut line);
    }
    let trailer: Trailer =
        serde_json::from_slice(&last).map_err(|_| BackupError::Damaged("its end is missing"))?;
    if trailer.rows != rows || trailer.sha256 != hex::encode(sum.finish()) {
        return Err(BackupError::Damaged("the checksum differs"));
    }
    Ok(rows)
}

/// Reads a file that was checked.
pub(super) struct Reader {
    lines: io::Lines<BufReader<File>>,
}

impl Reader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            lines: BufReader::new(File::open(path)?).lines(),
        })
    }

    pub(super) fn header<T: DeserializeOwned>(&mut self) -> Result<T, BackupError> {
        let first = self.lines.next().transpose()?.unwrap_or_default();
        serde_json::from_str(&first)
            .map_err(|_| BackupError::Damaged("its first line is no header"))
    }

    /// `None` at the last line.
    pub(super) fn next(&mut self) -> Result<Option<Line>, BackupError> {
        let Some(line) = self.lines.next().transpose()? else {
            return Err(BackupError::Damaged("its end is missing"));
        };
        if serde_json::from_str::<Trailer>(&line).is_ok() {
            return Ok(None);
        }
        let line = Line::parse(&line).ok_or(BackupError::Damaged("a line is no row"))?;
        Ok(Some(line))
    }
}
