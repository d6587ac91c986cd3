//! One JSON list of objects, an object a line. Half of one is no JSON, so it cannot be gone on with.

use super::cell::{Cell, Heading, Object};
use super::sheet::{Counting, Sheet};
use std::io::{self, Write};

/// A file with a list.
pub(super) struct Json {
    output: Counting,
    headings: Vec<Heading>,
    begun: bool,
}

impl Json {
    pub(super) fn new(output: Counting, headings: Vec<Heading>) -> Self {
        Self {
            output,
            headings,
            begun: false,
        }
    }
}

impl Sheet for Json {
    fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        let before: &[u8] = if self.begun { b",\n" } else { b"[\n" };
        self.begun = true;
        self.output.write_all(before)?;
        serde_json::to_writer(&mut self.output, &Object(&self.headings, row))?;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.output.bytes()
    }

    fn settle(&mut self) -> io::Result<u64> {
        self.output.flush()?;
        Ok(self.bytes())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        let end: &[u8] = if self.begun { b"\n]\n" } else { b"[]\n" };
        self.output.write_all(end)?;
        self.settle()
    }
}
