//! Tables for spreadsheet programs: CSV that shows Chinese and starts no formula, XLSX with the same numbers, and both read again.

use std::borrow::Cow;
use std::io::{Cursor, Read};

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
/// Lines of texts as CSV.
#[must_use]
pub fn lines_as_csv(lines: &[Vec<String>]) -> Vec<u8> {
    let safe: Vec<Vec<String>> = lines.iter().map(|line| line.iter().map(|text| harmless(text)).collect()).collect();
    rows_as_csv(&safe)
}

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
    if looks_like_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Also behind marks of its own, so that a mark can be taken away again.
fn looks_like_formula(text: &str) -> bool {
    let starts = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    text.trim_start_matches('\'').starts_with(starts)
}

/// What [`harmless`] was given.
fn as_meant(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| looks_like_formula(rest)).unwrap_or(text)
}

/// A table that is read has at most so many columns and cells.
const MOST_COLUMNS: u32 = 100;
const MOST_ROWS: usize = 200_000;
const MOST_CELLS: usize = 3_000_000;
/// What a workbook may hold when it is unpacked: a small file can unpack to more than a machine has.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;
const MOST_PARTS: usize = 500;

/// The rows of a file, CSV (UTF-8 or GB18030) or XLSX (its first sheet), as texts.
///
/// # Errors
/// When it is neither, or more than a table may be; the sentence says what to do.
pub fn read(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    const OLD_BOOK: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];
    if bytes.starts_with(OLD_BOOK) {
        return Err("this is a workbook of the old kind (.xls), or one with a password; save it as XLSX or as CSV UTF-8".into());
    }
    if bytes.starts_with(b"PK") { read_xlsx(bytes) } else { read_csv(bytes) }
}

fn read_csv(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    // Spreadsheet programs in China save CSV in GB18030.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => match encoding_rs::GB18030.decode_without_bom_handling(bytes) {
            (_, true) => return Err("this is neither UTF-8 nor GB18030; save it as CSV UTF-8 or as XLSX".into()),
            (text, false) => text,
        },
    };
    let ends = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let text = if text.ends_with('\n') { text } else { text + ends };
    if text.contains('\0') {
        return Err("this is no table; save it as CSV UTF-8 or as XLSX".into());
    }
    let first = text.lines().next().unwrap_or("");
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|mark| (first.bytes().filter(|byte| byte == mark).count(), *mark == b','));
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter.unwrap_or(b',')).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut cells = 0;
    let mut line = reader.position().line();
    while reader.read_record(&mut record).map_err(|error| format!("this CSV cannot be read: {error}"))? {
        // The reader passes over empty lines, and people count them.
        let inside: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let passed = usize::try_from(reader.position().line() - line).unwrap_or(0).saturating_sub(1 + inside);
        line = reader.position().line();
        rows.resize_with((rows.len() + passed).min(MOST_ROWS), Vec::new);
        cells += record.len();
        if rows.len() >= MOST_ROWS || cells > MOST_CELLS || record.len() > MOST_COLUMNS as usize {
            return Err(too_much());
        }
        rows.push(record.iter().map(|cell| as_meant(cell).to_owned()).collect());
    }
    Ok(rows)
}

fn too_much() -> String {
    format!("a table has at most {MOST_ROWS} rows, {MOST_COLUMNS} columns and {MOST_CELLS} cells; keep what is to change")
}

fn read_xlsx(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    fn no_table(error: impl std::fmt::Display) -> String {
        format!("this workbook cannot be read: {error}")
    }
    small_enough(bytes)?;
    let mut book: calamine::Xlsx<_> = calamine::Reader::new(Cursor::new(bytes)).map_err(|error: calamine::XlsxError| no_table(error))?;
    let name = calamine::Reader::sheet_names(&book).into_iter().next().ok_or("this workbook has no sheet")?;
    // Cell by cell: two cells far apart would make a rectangle that no memory holds.
    let mut sheet = book.worksheet_cells_reader(&name).map_err(no_table)?;
    let (mut rows, mut cells) = (Vec::<Vec<String>>::new(), 0_usize);
    while let Some(cell) = sheet.next_cell().map_err(no_table)? {
        let text = cell_text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        cells += 1;
        if row as usize >= MOST_ROWS || column >= MOST_COLUMNS || cells > MOST_CELLS {
            return Err(too_much());
        }
        // Rows are counted from the top of the sheet, also when its first ones are empty.
        let (row, column) = (row as usize, column as usize);
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        if rows[row].len() <= column {
            rows[row].resize_with(column + 1, String::new);
        }
        rows[row][column] = text;
    }
    Ok(rows)
}

/// Unpacks everything once, into nothing: what the parts say of their own length is not to be believed.
fn small_enough(bytes: &[u8]) -> Result<(), String> {
    let broken = |error: &dyn std::fmt::Display| format!("this workbook cannot be read: {error}");
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut left = MOST_UNPACKED;
    for place in 0..parts.len() {
        let part = parts.by_index(place).map_err(|error| broken(&error))?;
        left -= std::io::copy(&mut part.take(left), &mut std::io::sink()).map_err(|error| broken(&error))?;
        if left == 0 || place > MOST_PARTS {
            return Err(format!("this workbook unpacks to more than {} MiB; save the table alone as CSV", MOST_UNPACKED >> 20));
        }
    }
    Ok(())
}

fn cell_text(cell: &calamine::DataRef<'_>) -> String {
    match cell {
        calamine::DataRef::Empty => String::new(),
        calamine::DataRef::String(text) | calamine::DataRef::DateTimeIso(text) | calamine::DataRef::DurationIso(text) => text.clone(),
        calamine::DataRef::SharedString(text) => (*text).to_owned(),
        calamine::DataRef::Int(number) => number.to_string(),
        calamine::DataRef::Float(number) => number.to_string(),
        calamine::DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        // A date of the program's own kind.
        calamine::DataRef::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        // A formula that came to nothing: it is found to fit no column.
        calamine::DataRef::Error(error) => format!("{error}"),
    }
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

    use super::{Words, csv, read, xlsx};
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
    fn c105_tables_are_read_in_every_form_that_spreadsheet_programs_save() {
        let rows = vec![vec!["菜号".to_owned(), "电话".to_owned()], vec!["18".to_owned(), "+8613800138000".to_owned()]];
        let head = |text: &String| Head { key: text.clone(), zh: text.clone(), en: text.clone(), kind: Kind::Text };
        let told = Table {
            heads: rows[0].iter().map(head).collect(),
            rows: vec![rows[1].iter().cloned().map(Cell::Text).collect()],
            total: None,
            previous: None,
            chart: None,
        };
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let words = Words { language: Language::Mandarin, clock: &clock };
        let bytes = csv(&told, words);
        assert!(String::from_utf8_lossy(&bytes).contains(",'+86138"), "no formula for the program");
        assert_eq!(read(&bytes).unwrap(), rows, "and the number for us");
        assert_eq!(read(&xlsx("x", &told, &[], words).unwrap()).unwrap(), rows);
        for ends in ["\n", "\r\n"] {
            let lines = ["a,\"b\nb\"", "", "", "1,2", "", "3,4"].join(ends);
            let read = read(lines.as_bytes()).unwrap();
            assert_eq!((read.len(), read[1].len(), read[3][0].as_str(), read[5][1].as_str()), (6, 0, "1", "4"), "{ends:?}");
        }
        let (gb18030, ..) = encoding_rs::GB18030.encode("菜号;电话\n18;+8613800138000\n");
        assert_eq!(read(&gb18030).unwrap(), rows);
        for meant in ["'=x", "''-x", "it's", "'quoted'", "=1+1", ""] {
            assert_eq!(super::as_meant(&super::harmless(meant)), meant);
        }
        for wrong in [&b"PK\x03\x04 nothing"[..], b"\xd0\xcf\x11\xe0", b"a\0b", b"\xff\xff\xff"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    /// A workbook with this text as its sheet.
    fn book(sheet: impl FnOnce(&mut dyn std::io::Write)) -> Vec<u8> {
        use std::io::Write;
        const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
        const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
        const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>"#;
        const SHEETS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in
            [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS), ("xl/workbook.xml", BOOK), ("xl/_rels/workbook.xml.rels", SHEETS)]
        {
            archive.start_file(name, options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.start_file("xl/worksheets/sheet1.xml", options).unwrap();
        sheet(&mut archive);
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn c105_a_hostile_workbook_is_refused_and_not_unpacked_into_memory() {
        const HEAD: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
        let cell = |place: &str| format!(r#"<row><c r="{place}"><v>1</v></c></row>"#);
        let good = book(|out| write!(out, "{HEAD}{}{}</sheetData></worksheet>", cell("A1"), cell("B3")).unwrap());
        assert_eq!(read(&good).unwrap(), [vec!["1".to_owned()], vec![], vec![String::new(), "1".to_owned()]]);
        let far = book(|out| write!(out, "{HEAD}{}{}</sheetData></worksheet>", cell("A1"), cell("XFD1048576")).unwrap());
        assert!(read(&far).unwrap_err().contains("rows"));
        let bomb = book(|out| {
            let block = vec![b' '; 1 << 20];
            (0..70).for_each(|_| out.write_all(&block).unwrap());
        });
        assert!(bomb.len() < 200_000, "{}", bomb.len());
        assert!(read(&bomb).unwrap_err().contains("unpacks to more than"));
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
