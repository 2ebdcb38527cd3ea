//! What people and programs get to see.

use std::io::Write as _;

use anstream::ColorChoice;
use clap::{
    ValueEnum,
    builder::styling::{AnsiColor, Style},
};
use comfy_table::{Cell, ColumnConstraint, Table as Grid, Width, presets};

use crate::failure::Failure;

pub(crate) use crate::plain::{plain, plain_json};

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes it hold for all that is printed from now on.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// Prints a line of the result.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    Ok(writeln!(anstream::stdout().lock(), "{text}")?)
}

/// Prints a part of the result.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    Ok(write!(anstream::stdout().lock(), "{text}")?)
}

/// Prints a line about the result, which no program is to read.
pub(crate) fn note(text: &str) {
    // Who closed this stream has nothing left to be told.
    let _closed = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints what went wrong.
pub(crate) fn error(text: &str) {
    note(&format!("{}: {text}", styled(RED, "error")));
}

/// A text in a style. What is no terminal gets the text alone.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Rows in aligned columns. Later pages of a long list keep the widths of the earlier ones.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    widths: Vec<u16>,
    grid: Grid,
    is_begun: bool,
}

impl Table {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            widths: vec![0; header.len()],
            grid: Grid::new(),
            is_begun: false,
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.grid.add_row(cells.into_iter().map(|cell| Cell::new(plain(&cell))));
    }

    /// Prints the rows so far, and forgets them.
    pub(crate) fn print(&mut self) -> Result<(), Failure> {
        let mut grid = std::mem::take(&mut self.grid);
        if grid.is_empty() {
            return Ok(());
        }
        grid.load_style(presets::NOTHING);
        if !self.is_begun {
            grid.set_header(self.header.iter().map(|name| name.to_uppercase()));
        }
        let contents = grid.column_max_content_widths();
        for (width, content) in self.widths.iter_mut().zip(contents) {
            *width = content.max(*width);
        }
        for (index, width) in self.widths.iter().enumerate() {
            if let Some(column) = grid.column_mut(index) {
                column.set_padding((0, 2));
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(
                    width.saturating_add(2),
                )));
            }
        }
        self.is_begun = true;
        line(&grid.trim_fmt())
    }
}

/// Prints names and values, one pair a line.
pub(crate) fn pairs(pairs: &[(&'static str, String)]) -> Result<(), Failure> {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().try_for_each(|(name, value)| line(&format!("{name:width$}  {}", plain(value))))
}

pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
