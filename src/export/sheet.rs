//! A file being written, whatever its form: rows go in one by one, and only what is not yet on the disk is in memory.

use super::cell::{Cell, Heading};
use super::{csv, json, ndjson, xlsx};
use crate::event::export::Format;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A file being written.
pub trait Sheet: Send {
    /// Adds a row, with a cell for every heading.
    fn write(&mut self, row: &[Cell]) -> io::Result<()>;

    /// About how many bytes there are so far.
    fn bytes(&self) -> u64;

    /// Brings all that was written to the disk; how many bytes that is. What comes after it may be lost, and can be
    /// written again, where [`Format::can_resume`].
    fn settle(&mut self) -> io::Result<u64>;

    /// Completes the file; how many bytes it has.
    fn finish(self: Box<Self>) -> io::Result<u64>;
}

/// Where a file is written to.
pub enum Output {
    /// A file, from where it stands.
    File(File),
    /// Anything else, such as standard output.
    Stream(Box<dyn Write + Send>),
}

impl Output {
    /// Waits until all is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.sync_data(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// An output that knows how much went into it.
pub(super) struct Counting {
    output: BufWriter<Output>,
    bytes: u64,
}

impl Counting {
    /// Goes on behind the bytes that are there.
    pub(super) fn new(output: Output, bytes: u64) -> Self {
        Self {
            output: BufWriter::new(output),
            bytes,
        }
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.bytes += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    /// Brings everything to the disk.
    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()?;
        self.output.get_mut().sync()
    }
}

/// Begins a file, or goes on with one of which so many bytes are there. What has to lie somewhere until the file is
/// complete lies in the folder `scratch`.
pub fn sheet(
    format: Format,
    output: Output,
    headings: &[Heading],
    (title, scratch): (&str, &Path),
    bytes: u64,
) -> io::Result<Box<dyn Sheet>> {
    let headings = headings.to_vec();
    Ok(match format {
        Format::Csv => Box::new(csv::Csv::new(Counting::new(output, bytes), &headings)?),
        Format::Ndjson => Box::new(ndjson::Ndjson::new(Counting::new(output, bytes), headings)),
        Format::Json => Box::new(json::Json::new(Counting::new(output, 0), headings)),
        Format::Xlsx => Box::new(xlsx::Xlsx::new(
            output,
            headings,
            title,
            scratch,
            xlsx::ROWS,
        )?),
    })
}
