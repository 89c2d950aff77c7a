//! Tables for spreadsheet programs: CSV that shows Chinese and starts no formula, and XLSX with the same numbers.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::domain::{Language, ShopClock};
use crate::report::{Cell, Formula, Kind, Table};

/// A cell of a spreadsheet holds no more characters.
const LONGEST: usize = 32_000;

/// In which words, and on whose clock.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    pub language: Language,
    pub clock: &'a ShopClock,
}

impl Words<'_> {
    fn pick<'b>(self, zh: &'b str, en: &'b str) -> &'b str {
        if self.language == Language::English { en } else { zh }
    }

    fn unit(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Fen => self.pick(" (元)", " (yuan)"),
            Kind::Percent => " (%)",
            Kind::Seconds => self.pick(" (秒)", " (s)"),
            Kind::Count | Kind::Text | Kind::Time => "",
        }
    }

    fn heads(self, table: &Table) -> Vec<String> {
        table.heads.iter().map(|head| format!("{}{}", self.pick(&head.zh, &head.en), self.unit(head.kind))).collect()
    }

    /// The total's row says so in its first cell.
    fn total(self, table: &Table) -> Option<Vec<Cell>> {
        let mut row = table.total.clone()?;
        if let Some(first) = row.first_mut() {
            *first = Cell::Text(self.pick("合计", "Total").to_owned());
        }
        Some(row)
    }
}

/// A table as CSV: UTF-8 with a byte order mark, so that spreadsheet programs show Chinese.
#[must_use]
pub fn csv(table: &Table, words: Words<'_>) -> Vec<u8> {
    let mut lines = vec![words.heads(table).iter().map(|head| harmless(head)).collect::<Vec<_>>()];
    for row in table.rows.iter().chain(&words.total(table)) {
        lines.push(row.iter().zip(&table.heads).map(|(cell, head)| text(cell, head.kind, words.clock)).collect());
    }
    rows_as_csv(&lines)
}

/// Rows of cells that are harmless already, as CSV.
fn rows_as_csv(lines: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(vec![0xef, 0xbb, 0xbf]);
    for line in lines {
        // Writing into memory does not fail.
        let _ = writer.write_record(line);
    }
    writer.into_inner().unwrap_or_default()
}

/// A text that no spreadsheet program takes for a formula (OWASP, "CSV injection"): a mark in front makes it text.
#[must_use]
pub fn harmless(text: &str) -> String {
    let starts = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    if text.starts_with(starts) { format!("'{text}") } else { text.to_owned() }
}

fn text(cell: &Cell, kind: Kind, clock: &ShopClock) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Whole(fen) if kind == Kind::Fen => {
            format!("{}{}.{:02}", if *fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
        }
        Cell::Whole(number) => number.to_string(),
        Cell::Tenths(tenths) => format!("{}{}.{}", if *tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10),
        Cell::Text(text) => harmless(text),
        Cell::Time(at) => clock.local(*at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

/// A table as XLSX, with the formulas on a sheet of their own.
///
/// # Errors
/// When it is too large for the format.
pub fn xlsx(title: &str, table: &Table, formulas: &[Formula], words: Words<'_>) -> Result<Vec<u8>, String> {
    workbook(title, table, formulas, words).map_err(|error| error.to_string())
}

fn workbook(title: &str, table: &Table, formulas: &[Formula], words: Words<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let (tenths, yuan) = (Format::new().set_num_format("0.0"), Format::new().set_num_format("#,##0.00"));
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(title))?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, head) in words.heads(table).iter().enumerate() {
        sheet.write_string_with_format(0, place(column), head, &bold)?;
        sheet.set_column_width(place(column), 14)?;
    }
    for (line, row) in table.rows.iter().chain(&words.total(table)).enumerate() {
        let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
        for (column, (cell, head)) in row.iter().zip(&table.heads).enumerate() {
            let column = place(column);
            match cell {
                Cell::Nothing => {}
                Cell::Whole(fen) if head.kind == Kind::Fen => {
                    sheet.write_number_with_format(line, column, *fen as f64 / 100.0, &yuan)?;
                }
                Cell::Whole(number) => drop(sheet.write_number(line, column, *number as f64)?),
                Cell::Tenths(number) => drop(sheet.write_number_with_format(line, column, *number as f64 / 10.0, &tenths)?),
                // Written as text: no formula, whatever it begins with.
                Cell::Text(text) => drop(sheet.write_string(line, column, text.chars().take(LONGEST).collect::<String>())?),
                Cell::Time(_) => drop(sheet.write_string(line, column, text(cell, head.kind, words.clock))?),
            }
        }
    }
    if !formulas.is_empty() {
        let sheet = book.add_worksheet();
        sheet.set_name(words.pick("计算方法", "Formulas"))?;
        sheet.set_column_width(0, 26)?;
        sheet.set_column_width(1, 90)?;
        for (line, formula) in formulas.iter().enumerate() {
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            let head = table.heads.iter().find(|head| head.key == formula.key);
            let name = head.map_or(formula.key, |head| words.pick(&head.zh, &head.en));
            sheet.write_string_with_format(line, 0, name, &bold)?;
            sheet.write_string(line, 1, words.pick(formula.zh, formula.en))?;
        }
    }
    book.save_to_buffer()
}

fn place(column: usize) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

/// At most 31 characters, none of `[]:*?/\`.
fn sheet_name(title: &str) -> String {
    let name: String = title.chars().map(|c| if "[]:*?/\\'".contains(c) { ' ' } else { c }).take(31).collect();
    if name.trim().is_empty() { "1".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::{Words, csv, xlsx};
    use crate::domain::{Language, ShopClock, Timestamp};
    use crate::report::{Cell, Formula, Head, Kind, Table};

    fn table() -> Table {
        let head = |key: &str, zh: &str, kind| Head { key: key.into(), zh: zh.into(), en: key.to_uppercase(), kind };
        Table {
            heads: vec![
                head("branch", "门店", Kind::Text),
                head("orders", "订单", Kind::Count),
                head("sales", "金额", Kind::Fen),
                head("rate", "准时率", Kind::Percent),
                head("at", "时间", Kind::Time),
            ],
            rows: vec![
                vec![
                    Cell::Text("徐汇店, \"一楼\"".into()),
                    Cell::Whole(3),
                    Cell::Whole(20_550),
                    Cell::Tenths(667),
                    Cell::Time(Timestamp::from_millis(1_795_233_600_000)),
                ],
                vec![Cell::Text("=cmd|' /C calc'!A1".into()), Cell::Whole(-2), Cell::Whole(-5), Cell::Nothing, Cell::Nothing],
            ],
            total: Some(vec![Cell::Nothing, Cell::Whole(1), Cell::Whole(20_545), Cell::Tenths(667), Cell::Nothing]),
            previous: None,
            chart: None,
        }
    }

    #[test]
    fn c102_csv_opens_with_a_mark_and_starts_no_formula() {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let bytes = csv(&table(), Words { language: Language::Mandarin, clock: &clock });
        assert_eq!(&bytes[..3], [0xef, 0xbb, 0xbf]);
        let text = String::from_utf8(bytes[3..].to_vec()).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "门店,订单,金额 (元),准时率 (%),时间");
        assert_eq!(lines[1], "\"徐汇店, \"\"一楼\"\"\",3,205.50,66.7,2026-11-21 12:00:00");
        assert_eq!(lines[2], "'=cmd|' /C calc'!A1,-2,-0.05,,");
        assert_eq!(lines[3], "合计,1,205.45,66.7,");
    }

    #[test]
    fn c102_xlsx_has_the_same_numbers_and_the_formulas() {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let words = Words { language: Language::English, clock: &clock };
        let formulas = [Formula { key: "rate", zh: "准时 ÷ 送达", en: "on time ÷ delivered" }];
        let bytes = xlsx("订单/[门店]", &table(), &formulas, words).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        assert_eq!(book.sheet_names(), ["订单  门店 ", "Formulas"]);
        let sheet = book.worksheet_range("订单  门店 ").unwrap();
        let cell = |line: u32, column: u32| sheet.get_value((line, column)).cloned().unwrap_or(Data::Empty);
        assert_eq!(cell(0, 2), Data::String("SALES (yuan)".into()));
        assert_eq!((cell(1, 1), cell(1, 2), cell(1, 3)), (Data::Float(3.0), Data::Float(205.5), Data::Float(66.7)));
        assert_eq!(cell(2, 0), Data::String("=cmd|' /C calc'!A1".into()));
        assert_eq!((cell(3, 0), cell(3, 2)), (Data::String("Total".into()), Data::Float(205.45)));
        let told = book.worksheet_range("Formulas").unwrap();
        assert_eq!(told.get_value((0, 1)), Some(&Data::String("on time ÷ delivered".into())));
    }
}
