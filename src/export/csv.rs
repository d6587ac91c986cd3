//! Comma-separated values (RFC 4180): no cell that a spreadsheet takes for a formula, none that is too long for one.

use super::cell::{Cell, Heading, fitting, harmless};
use super::sheet::{Counting, Sheet};
use std::io;

/// A file of comma-separated values.
pub(super) struct Csv(csv::Writer<Counting>);

impl Csv {
    /// Begins with the header, unless there is something already.
    pub(super) fn new(output: Counting, headings: &[Heading]) -> io::Result<Self> {
        let begun = output.bytes() > 0;
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(output);
        if !begun {
            let titles = headings.iter().map(|heading| harmless(&heading.title));
            for title in titles {
                out.write_field(title.as_bytes())?;
            }
            out.write_record(None::<&[u8]>)?;
        }
        Ok(Self(out))
    }
}

impl Sheet for Csv {
    fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        for cell in row {
            match cell {
                Cell::Empty => self.0.write_field([])?,
                Cell::Text(text) => self.0.write_field(fitting(harmless(text)).as_bytes())?,
                Cell::Count(count) => self.0.write_field(count.to_string())?,
            }
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.0.get_ref().bytes()
    }

    fn settle(&mut self) -> io::Result<u64> {
        self.0.flush()?;
        Ok(self.bytes())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.settle()
    }
}

#[cfg(test)]
mod tests {
    use super::Csv;
    use crate::export::cell::{Cell, Heading};
    use crate::export::sheet::{Counting, Output, Sheet};
    use std::borrow::Cow;

    #[test]
    fn a_file_that_was_begun_has_one_header() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let headings = ["a", "=b"].map(|name| Heading {
            title: Cow::Borrowed(name),
            key: Cow::Borrowed(name),
            width: 1,
        });
        let mut bytes = 0;
        for text in ["=1+1", "x,\"y\"\r\nz"] {
            let file = path.reopen().unwrap();
            std::io::Seek::seek(&mut &file, std::io::SeekFrom::Start(bytes)).unwrap();
            let output = Counting::new(Output::File(file), bytes);
            let mut sheet = Csv::new(output, &headings).unwrap();
            sheet
                .write(&[Cell::Text(text.to_owned()), Cell::Count(7)])
                .unwrap();
            bytes = Box::new(sheet).finish().unwrap();
        }
        let text = std::fs::read_to_string(path.path()).unwrap();
        let expected = "a,'=b\r\n'=1+1,7\r\n\"x,\"\"y\"\"\r\nz\",7\r\n";
        assert_eq!(text, expected);
        assert_eq!(u64::try_from(expected.len()), Ok(bytes));
    }
}
