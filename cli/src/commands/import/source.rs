//! Rows from JSON Lines or CSV, one at a time.

use std::io::{BufRead, BufReader, Read};

use clap::ValueEnum;
use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::{Map, Value};

use super::row::{Row, check_no_key, without_key};
use crate::failure::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values, with the columns' names in the first line
    Csv,
}

type Input = BufReader<Box<dyn Read>>;

/// Where a row stood, and the row or why it is none.
type Line = (u64, Result<Row, String>);

/// The rows of a file, each with its line number.
pub(super) enum Source {
    Jsonl { input: Input, line: u64 },
    Csv { reader: Box<csv::Reader<Input>>, columns: StringRecord },
}

impl Source {
    pub(super) fn open(
        input: impl Read + 'static,
        format: Option<Format>,
    ) -> Result<Self, Failure> {
        let mut input: Input = BufReader::with_capacity(1 << 16, Box::new(input));
        // What spreadsheets put at the start of a file.
        if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let first = input.fill_buf()?.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(b'[') {
            return Err(Failure::usage(
                "the file is one JSON array: write an object a line, for example with `jq -c '.[]'`",
            ));
        }
        let guess = if first == Some(b'{') { Format::Jsonl } else { Format::Csv };
        match format.unwrap_or(guess) {
            Format::Jsonl => Ok(Self::Jsonl { input, line: 0 }),
            Format::Csv => {
                let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(input);
                let columns = reader.headers().map_err(|error| csv_failure(&error))?.clone();
                check_columns(&columns)?;
                Ok(Self::Csv { reader: Box::new(reader), columns })
            }
        }
    }
}

impl Iterator for Source {
    /// A row, or why it is none; or why there is no going on.
    type Item = Result<Line, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Jsonl { input, line } => next_json(input, line).transpose(),
            Self::Csv { reader, columns } => {
                let mut record = StringRecord::new();
                match reader.read_record(&mut record) {
                    Ok(true) => {
                        let line = record.position().map_or(0, csv::Position::line);
                        Some(Ok((line, from_record(columns, &record))))
                    }
                    Ok(false) => None,
                    Err(error) => Some(csv_error(&error)),
                }
            }
        }
    }
}

fn next_json(input: &mut Input, line: &mut u64) -> Result<Option<Line>, Failure> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        *line = line.saturating_add(1);
        if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.last() != Some(&b'\n')
            && u64::try_from(bytes.len()).is_ok_and(|length| length >= LONGEST_LINE)
        {
            return Err(Failure::Usage(format!(
                "line {line} is too long for a row: is this JSON Lines?"
            )));
        }
        if !bytes.trim_ascii().is_empty() {
            break;
        }
    }
    let row = str::from_utf8(bytes.trim_ascii()).map_err(|_| "is no UTF-8".to_owned());
    Ok(Some((*line, row.and_then(Row::from_json))))
}

/// A record as JSON has it: empty fields are not there.
fn from_record(columns: &StringRecord, record: &StringRecord) -> Result<Row, String> {
    check_no_key(record)?;
    let mut row = Map::new();
    let mut revoked = Map::new();
    for (column, field) in columns.iter().zip(record).filter(|(_, field)| !field.is_empty()) {
        match column {
            "revoked_at" => {
                let at = crate::times::parse_time(field)
                    .map_err(|reason| format!("revoked_at {reason}"))?;
                revoked.insert("at".to_owned(), at.into());
            }
            "revoked_reason" => {
                revoked.insert("reason".to_owned(), field.into());
            }
            "origins" | "scopes" => {
                row.insert(column.to_owned(), field.split_whitespace().collect::<Vec<_>>().into());
            }
            "browser_headers" => {
                let is_on =
                    field.parse::<bool>().map_err(|_| "browser_headers must be true or false")?;
                row.insert(column.to_owned(), is_on.into());
            }
            _ => {
                row.insert(column.to_owned(), field.into());
            }
        }
    }
    if revoked.contains_key("reason") && !revoked.contains_key("at") {
        return Err("revoked_reason without revoked_at".to_owned());
    }
    if !revoked.is_empty() {
        revoked.entry("reason").or_insert_with(|| "imported as revoked".into());
        row.insert("revoked".to_owned(), revoked.into());
    }
    serde_json::from_value(Value::Object(row)).map_err(|error| without_key(&error.to_string()))
}

fn check_columns(columns: &StringRecord) -> Result<(), Failure> {
    check_no_key(columns).map_err(|_| {
        Failure::usage("the first line holds a key, where the columns' names should be")
    })?;
    if let Some(unknown) = columns.iter().find(|column| !COLUMNS.contains(column)) {
        return Err(Failure::Usage(format!(
            "line 1: there is no column `{unknown}`: the first line must hold names out of {}",
            COLUMNS.join(", ")
        )));
    }
    for needed in ["digest", "kind", "mode"] {
        if !columns.iter().any(|column| column == needed) {
            return Err(Failure::Usage(format!("line 1: the column `{needed}` is missing")));
        }
    }
    Ok(())
}

/// A record that can't be read is one refused row; a file that can't be read is the end.
fn csv_error(error: &csv::Error) -> Result<Line, Failure> {
    let line = error.position().map(csv::Position::line);
    match (error.kind(), line) {
        (csv::ErrorKind::UnequalLengths { expected_len, len, .. }, Some(line)) => {
            Ok((line, Err(format!("has {len} fields where the first line has {expected_len}"))))
        }
        (csv::ErrorKind::Utf8 { .. }, Some(line)) => Ok((line, Err("is no UTF-8".to_owned()))),
        _ => Err(csv_failure(error)),
    }
}

fn csv_failure(error: &csv::Error) -> Failure {
    Failure::Usage(format!("the file can't be read: {}", without_key(&error.to_string())))
}

const COLUMNS: [&str; 15] = [
    "account",
    "digest",
    "kind",
    "mode",
    "id",
    "label",
    "created_at",
    "expires_at",
    "revoked_at",
    "revoked_reason",
    "origins",
    "scopes",
    "rate",
    "browser_headers",
    "last_four",
];

const LONGEST_LINE: u64 = 256 * 1024;
