//! Workbooks: a row at a time goes to a file beside the final one, which is packed from it in the end. Texts are written as
//! texts, so that none is a formula; a sheet that is full is followed by another.

use super::cell::{Cell, Heading, fitting};
use super::sheet::{Output, Sheet};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

/// Rows that a sheet takes, with the header.
pub(super) const ROWS: u32 = 1_048_576;

/// About how many bytes a cell takes, besides its text, before it is packed.
const CELL: usize = 60;

/// A workbook being written.
pub(super) struct Xlsx {
    workbook: Workbook,
    output: Output,
    headings: Vec<Heading>,
    title: String,
    /// How many sheets there are.
    sheets: usize,
    /// The next row of the last sheet.
    row: u32,
    rows_of_sheet: u32,
    bytes: u64,
}

impl Xlsx {
    /// Begins a workbook whose sheets are called `title`; what is not packed yet lies in the folder `scratch`.
    pub(super) fn new(
        output: Output,
        headings: Vec<Heading>,
        title: &str,
        scratch: &Path,
        rows_of_sheet: u32,
    ) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(scratch).map_err(failed)?;
        let mut xlsx = Self {
            workbook,
            output,
            headings,
            title: title.to_owned(),
            sheets: 0,
            row: 0,
            rows_of_sheet,
            bytes: 0,
        };
        xlsx.begin_sheet().map_err(failed)?;
        Ok(xlsx)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        self.row = 1;
        let name = match self.sheets {
            1 => self.title.clone(),
            number => format!("{} {number}", self.title),
        };
        let bold = Format::new().set_bold();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, heading) in (0..).zip(&self.headings) {
            sheet.set_column_width(column, heading.width)?;
            sheet.write_string_with_format(0, column, heading.title.as_ref(), &bold)?;
        }
        Ok(())
    }

    fn write_row(&mut self, row: &[Cell]) -> Result<(), XlsxError> {
        if self.row == self.rows_of_sheet {
            self.begin_sheet()?;
        }
        let sheet: &mut Worksheet = self.workbook.worksheet_from_index(self.sheets - 1)?;
        for (column, cell) in (0..).zip(row) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    let text = fitting(readable(text));
                    self.bytes += u64::try_from(text.len() + CELL).unwrap_or_default();
                    sheet.write_string(self.row, column, text.as_ref())?;
                }
                Cell::Count(count) => {
                    self.bytes += u64::try_from(CELL).unwrap_or_default();
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "spreadsheets have no other numbers"
                    )]
                    sheet.write_number(self.row, column, *count as f64)?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }
}

impl Sheet for Xlsx {
    fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        self.write_row(row).map_err(failed)
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn settle(&mut self) -> io::Result<u64> {
        Ok(self.bytes)
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        // Packing goes back and forth, which only a file allows.
        let (mut file, stream) = match self.output {
            Output::File(file) => (file, None),
            Output::Stream(stream) => (tempfile::tempfile()?, Some(stream)),
        };
        self.workbook.save_to_writer(&mut file).map_err(failed)?;
        let length = length(&file)?;
        match stream {
            None => file.sync_data()?,
            Some(mut stream) => {
                file.seek(SeekFrom::Start(0))?;
                io::copy(&mut file, &mut stream)?;
                stream.flush()?;
            }
        }
        Ok(length)
    }
}

fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// The text without what XML cannot carry: control characters, and line ends of other systems.
fn readable(text: &str) -> Cow<'_, str> {
    let odd = |letter: char| {
        (letter < ' ' && letter != '\t' && letter != '\n')
            || matches!(letter, '\u{FFFE}' | '\u{FFFF}')
    };
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(lines.replace(odd, "\u{FFFD}"))
}

fn failed(failure: XlsxError) -> io::Error {
    match failure {
        XlsxError::IoError(failure) => failure,
        failure => io::Error::other(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::Xlsx;
    use crate::export::cell::{Cell, Heading};
    use crate::export::sheet::{Output, Sheet};
    use calamine::{Data, Reader};
    use std::borrow::Cow;

    #[test]
    fn a_full_sheet_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = tempfile::tempfile_in(folder.path()).unwrap();
        let headings = vec![Heading {
            title: Cow::Borrowed("Number"),
            key: Cow::Borrowed("number"),
            width: 10,
        }];
        let output = Output::File(file.try_clone().unwrap());
        let mut sheet = Xlsx::new(output, headings, "Rows", folder.path(), 4).unwrap();
        for number in 0..7 {
            sheet.write(&[Cell::Count(number)]).unwrap();
        }
        let bytes = Box::new(sheet).finish().unwrap();
        assert_eq!(file.metadata().unwrap().len(), bytes);
        let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(file).unwrap();
        let header = || Data::String("Number".to_owned());
        for (name, expected) in [
            (
                "Rows",
                vec![
                    header(),
                    Data::Float(0.0),
                    Data::Float(1.0),
                    Data::Float(2.0),
                ],
            ),
            (
                "Rows 2",
                vec![
                    header(),
                    Data::Float(3.0),
                    Data::Float(4.0),
                    Data::Float(5.0),
                ],
            ),
            ("Rows 3", vec![header(), Data::Float(6.0)]),
        ] {
            let range = book.worksheet_range(name).unwrap();
            let cells: Vec<Data> = range.rows().map(|row| row[0].clone()).collect();
            assert_eq!(cells, expected, "{name}");
        }
        // What was not packed yet is gone.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
