//! A JSON object a line, as programs read them: nothing is cut, and nothing stands before a formula.

use super::cell::{Cell, Heading, Object};
use super::sheet::{Counting, Sheet};
use std::io::{self, Write};

/// A file of lines of JSON.
pub(super) struct Ndjson {
    output: Counting,
    headings: Vec<Heading>,
}

impl Ndjson {
    pub(super) fn new(output: Counting, headings: Vec<Heading>) -> Self {
        Self { output, headings }
    }
}

impl Sheet for Ndjson {
    fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, &Object(&self.headings, row))?;
        self.output.write_all(b"\n")
    }

    fn bytes(&self) -> u64 {
        self.output.bytes()
    }

    fn settle(&mut self) -> io::Result<u64> {
        self.output.flush()?;
        Ok(self.bytes())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.settle()
    }
}
