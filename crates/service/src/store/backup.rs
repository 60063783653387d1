//! A copy of the whole database in one file, the same for both engines, so that a site can also
//! move from one to the other.
//!
//! The file is lines of JSON: a header, then for each table its name and columns followed by its
//! rows, and at the end the number of rows and the SHA-256 of every line before. A row is a list;
//! bytes are `{"hex":"…"}`.

mod database;
mod file;

use super::{Location, Migration, Schema, SqlError, Store, StoreError};
use database::Database;
use file::{Line, Reader, Writer};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The format of the file; a program that knows another one refuses it.
const FORMAT: u32 = 1;

/// Holds the schema's version, which the header has.
const VERSIONS: &str = "schema_migrations";

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database cannot be opened or migrated.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A statement failed.
    #[error("the database refused")]
    Refused(#[from] SqlError),
    /// The file cannot be read or written; it is never overwritten.
    #[error("the backup file")]
    File(#[from] io::Error),
    /// The file is no backup, or not all of one.
    #[error("the backup is damaged: {0}")]
    Damaged(&'static str),
    /// Another program's, or in a younger format or schema.
    #[error(
        "the backup is of {program}, format {format}, schema version {schema}: not for this program"
    )]
    Foreign {
        /// Whose it is.
        program: String,
        /// Its format.
        format: u32,
        /// Its schema.
        schema: u32,
    },
    /// There is something in the database already.
    #[error("the database is not empty: table {0} has rows")]
    NotEmpty(String),
}

/// The first line of a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Header {
    /// The format of the file.
    format: u32,
    /// The program whose database it is.
    pub program: String,
    /// The version of the database's schema.
    pub schema: u32,
    /// Seconds since the Unix epoch.
    pub created_at: i64,
}

/// Writes everything in the database, as it is at one moment, to a new file, mode 0600. Others may
/// go on writing. Blocks, and must not be called from within an asynchronous task. Returns the
/// number of rows.
///
/// # Errors
/// [`BackupError`]; what was written of the file stays.
pub fn backup(
    location: &Location,
    program: &str,
    now: i64,
    path: &Path,
) -> Result<u64, BackupError> {
    let mut database = Database::open(location)?;
    database.begin_snapshot()?;
    let mut writer = Writer::create(path)?;
    writer.write(&Header {
        format: FORMAT,
        program: program.to_owned(),
        schema: database.schema_version()?,
        created_at: now,
    })?;
    for (table, columns) in database.tables()? {
        if table == VERSIONS {
            continue;
        }
        writer.write(&Line::table(&table, &columns))?;
        database.each_row(&table, &columns, |row| Ok(writer.write_row(row)?))?;
    }
    Ok(writer.finish()?)
}

/// Fills an empty database, which a file that does not exist yet becomes, from a backup, and then
/// brings it to the newest of `migrations`. All or nothing. Blocks, and must not be called from
/// within an asynchronous task. Returns the backup's header and the number of rows.
///
/// # Errors
/// [`BackupError`].
pub fn restore(
    location: &Location,
    migrations: &'static [Migration],
    program: &str,
    path: &Path,
) -> Result<(Header, u64), BackupError> {
    let rows = file::check(path)?;
    let mut reader = Reader::open(path)?;
    let header: Header = reader.header()?;
    let schema = header.schema as usize;
    if header.format != FORMAT || header.program != program || schema > migrations.len() {
        return Err(BackupError::Foreign {
            program: header.program,
            format: header.format,
            schema: header.schema,
        });
    }
    drop(Store::open(
        location,
        &migrations[..schema],
        Schema::Migrate,
    )?);
    let mut database = Database::open(location)?;
    database.begin()?;
    let tables = database.tables()?;
    for (table, _) in tables.iter().filter(|(table, _)| table != VERSIONS) {
        if database.has_rows(table)? {
            return Err(BackupError::NotEmpty(table.clone()));
        }
    }
    fill(&mut database, &tables, &mut reader)?;
    database.commit()?;
    drop(Store::open(location, migrations, Schema::Migrate)?);
    Ok((header, rows))
}

fn fill(
    database: &mut Database,
    tables: &[(String, Vec<String>)],
    reader: &mut Reader,
) -> Result<(), BackupError> {
    let mut insert = None;
    while let Some(line) = reader.next()? {
        match line {
            Line::Table { table, columns } => {
                // Names go into statements, so only those that the schema has.
                if !tables.contains(&(table.clone(), columns.clone())) {
                    return Err(BackupError::Damaged("a table is not in the schema"));
                }
                insert = Some(database.insert(&table, &columns)?);
            }
            Line::Row(row) => match &insert {
                Some(insert) => database.put(insert, &row)?,
                None => return Err(BackupError::Damaged("a row is in no table")),
            },
        }
    }
    database.adjust_sequences(tables)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = &["CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY) STRICT;"];

    #[test]
    fn what_is_of_another_program_format_or_schema_is_not_restored() {
        for (program, format, schema, is_fine) in [
            ("tested", FORMAT, 1, true),
            ("other", FORMAT, 1, false),
            ("tested", FORMAT + 1, 1, false),
            ("tested", FORMAT, 2, false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("backup");
            let mut writer = Writer::create(&path).unwrap();
            let header = Header {
                format,
                program: program.to_owned(),
                schema,
                created_at: 0,
            };
            writer.write(&header).unwrap();
            writer.finish().unwrap();
            let location = Location::Sqlite(folder.path().join("restored.db"));
            match restore(&location, &[ONE], "tested", &path) {
                Ok(_) => assert!(is_fine, "{header:?}"),
                Err(BackupError::Foreign { .. }) => assert!(!is_fine, "{header:?}"),
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    fn a_table_that_the_schema_has_not_is_no_part_of_a_statement() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        let mut writer = Writer::create(&path).unwrap();
        let header = Header {
            format: FORMAT,
            program: "tested".to_owned(),
            schema: 1,
            created_at: 0,
        };
        writer.write(&header).unwrap();
        let table = "things\" (name) VALUES ('x') --";
        writer.write(&Line::table(table, &[])).unwrap();
        writer.finish().unwrap();
        let location = Location::Sqlite(folder.path().join("restored.db"));
        let restored = restore(&location, &[ONE], "tested", &path);
        assert!(matches!(restored, Err(BackupError::Damaged(_))));
    }
}
