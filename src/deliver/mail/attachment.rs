//! Events as a file that is attached to a mail.

use super::row::Row;
use crate::export::{fitting, harmless};
use crate::store::subscriptions::MailFormat;
use chrono::SecondsFormat;
use chrono_tz::Tz;
use rust_xlsxwriter::{Workbook, XlsxError};

/// The columns of a file.
const COLUMNS: [&str; 9] = [
    "Date",
    "Author",
    "Action",
    "Target",
    "Project",
    "Field",
    "Old",
    "New",
    "Issue Key",
];

/// A file to attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attachment {
    pub(super) name: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// The file that a format asks for; none for [`MailFormat::Table`]. An error says why it cannot be made.
pub(super) fn file(
    format: MailFormat,
    rows: &[Row],
    day: &str,
    zone: Tz,
) -> Result<Option<Attachment>, String> {
    let (ending, media_type, bytes) = match format {
        MailFormat::Table => return Ok(None),
        MailFormat::Csv => ("csv", "text/csv; charset=utf-8", csv(rows, zone)?),
        MailFormat::Xlsx => (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            xlsx(rows, zone)?,
        ),
    };
    Ok(Some(Attachment {
        name: format!("events-{day}.{ending}"),
        media_type,
        bytes,
    }))
}

fn csv(rows: &[Row], zone: Tz) -> Result<Vec<u8>, String> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let written = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        file.write_record(COLUMNS)?;
        for row in rows {
            let cells = cells(row, zone);
            file.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))?;
        }
        Ok(file.into_inner()?)
    };
    written().map_err(|error| format!("the CSV file cannot be written: {error}"))
}

/// The same rows as an Excel file. Every cell is a text, so none is taken for a formula.
fn xlsx(rows: &[Row], zone: Tz) -> Result<Vec<u8>, String> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let mut written = || -> Result<(), XlsxError> {
        sheet.write_row(0, 0, COLUMNS)?;
        for (number, row) in (1..).zip(rows) {
            for (place, cell) in (0..).zip(cells(row, zone)) {
                sheet.write_string(number, place, fitting(cell.into()))?;
            }
        }
        Ok(())
    };
    let written = written().and_then(|()| book.save_to_buffer());
    written.map_err(|error| format!("the Excel file cannot be written: {error}"))
}

/// What stands in a row's columns.
fn cells(row: &Row, zone: Tz) -> [String; 9] {
    let time = row.time.map(|time| {
        let time = time.to_utc().with_timezone(&zone);
        time.to_rfc3339_opts(SecondsFormat::Millis, true)
    });
    [
        time.unwrap_or_default(),
        row.actor.clone(),
        row.action.clone(),
        row.target.clone(),
        row.project.clone(),
        row.field.clone(),
        row.old.clone(),
        row.new.clone(),
        row.issue.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{MailFormat, Row, file};
    use calamine::{Data, Reader, Xlsx};
    use std::io::Cursor;

    #[test]
    fn a_workbook_has_the_rows_as_texts() {
        let row = Row {
            time: None,
            actor: "=1+1".to_owned(),
            action: "Issue deleted".to_owned(),
            target: "é".repeat(40_000),
            project: "WEB".to_owned(),
            field: String::new(),
            old: String::new(),
            new: String::new(),
            issue: "WEB-1".to_owned(),
        };
        let made = file(MailFormat::Xlsx, &[row], "2026-11-20", chrono_tz::UTC).unwrap();
        let made = made.unwrap();
        assert_eq!(made.name, "events-2026-11-20.xlsx");
        let mut book = Xlsx::new(Cursor::new(made.bytes)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        assert_eq!(
            sheet.get_value((0, 8)),
            Some(&Data::String("Issue Key".to_owned()))
        );
        assert_eq!(
            sheet.get_value((1, 1)),
            Some(&Data::String("=1+1".to_owned()))
        );
        let Some(Data::String(target)) = sheet.get_value((1, 3)) else {
            panic!("no text");
        };
        assert_eq!(target.encode_utf16().count(), crate::export::LONGEST);
    }
}
