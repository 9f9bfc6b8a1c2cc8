//! Columns in which one value follows itself many times: written as runs.
//!
//! The Parquet library looks every value up on its own, which took a third of
//! the time of writing the replicates; a run needs one look. What is written is
//! the format's own: a dictionary page, and a data page of run lengths.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::Write;

/// A value that can stand in a column of runs.
pub(super) trait RunValue: Clone + Eq + Hash + Ord {
    /// Its plain encoding.
    fn encode(&self, bytes: &mut Vec<u8>);

    /// Least and greatest value of a column without nulls.
    fn statistics(least: &Self, greatest: &Self) -> Statistics;
}

impl RunValue for String {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        bytes.extend_from_slice(self.as_bytes());
    }

    fn statistics(least: &Self, greatest: &Self) -> Statistics {
        let [least, greatest] = [least, greatest].map(|text| ByteArray::from(text.as_str()));
        Statistics::byte_array(Some(least), Some(greatest), None, Some(0), false)
    }
}

impl RunValue for u32 {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    fn statistics(least: &Self, greatest: &Self) -> Statistics {
        let [least, greatest] = [*least, *greatest].map(|number| number.cast_signed());
        Statistics::int32(Some(least), Some(greatest), None, Some(0), false)
    }
}

/// A column of runs of either kind.
#[derive(Debug)]
pub(super) enum RunColumn {
    /// Words.
    Text(Runs<String>),
    /// Whole numbers.
    Count(Runs<u32>),
}

impl RunColumn {
    /// Adds rows of one word.
    pub fn push_text(&mut self, text: &str, rows: usize) {
        match self {
            Self::Text(runs) => runs.push(&text.to_owned(), rows),
            Self::Count(_) => unreachable!("a column of words takes words"),
        }
    }

    /// Adds rows of one number.
    pub fn push_count(&mut self, count: u32, rows: usize) {
        match self {
            Self::Count(runs) => runs.push(&count, rows),
            Self::Text(_) => unreachable!("a column of numbers takes numbers"),
        }
    }

    /// Writes the column into a row group as its next one, and empties it.
    pub fn append_to<W: Write + Send>(
        &mut self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
    ) -> ParquetResult<()> {
        match self {
            Self::Text(runs) => std::mem::take(runs).append_to(row_group, column),
            Self::Count(runs) => std::mem::take(runs).append_to(row_group, column),
        }
    }
}

/// The runs of one column in one row group.
#[derive(Debug)]
pub(super) struct Runs<T> {
    values: Vec<T>,
    places: HashMap<T, u32>,
    /// Places among the values, and how many rows.
    runs: Vec<(u32, usize)>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            places: HashMap::new(),
            runs: Vec::new(),
        }
    }
}

impl<T: RunValue> Runs<T> {
    fn push(&mut self, value: &T, rows: usize) {
        if let Some((place, last)) = self.runs.last_mut()
            && self.values[*place as usize] == *value
        {
            *last += rows;
            return;
        }
        let place = match self.places.get(value) {
            Some(&place) => place,
            None => {
                let place = self.values.len() as u32;
                self.values.push(value.clone());
                self.places.insert(value.clone(), place);
                place
            }
        };
        self.runs.push((place, rows));
    }

    fn append_to<W: Write + Send>(
        &self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
    ) -> ParquetResult<()> {
        let rows: usize = self.runs.iter().map(|(_, rows)| rows).sum();
        let mut chunk = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut chunk);
        pages.write_page(page(Page::DictionaryPage {
            buf: self.dictionary().into(),
            num_values: self.values.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        }))?;
        let data = pages.write_page(page(Page::DataPage {
            buf: self.run_lengths().into(),
            num_values: rows as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        }))?;
        let bytes = chunk.into_inner()?;
        let mut metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::UNCOMPRESSED)
            .set_encodings(vec![
                Encoding::PLAIN,
                Encoding::RLE,
                Encoding::RLE_DICTIONARY,
            ])
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(bytes.len() as i64)
            .set_num_values(rows as i64)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(data.offset as i64);
        if let (Some(least), Some(greatest)) = (self.values.iter().min(), self.values.iter().max())
        {
            metadata = metadata.set_statistics(T::statistics(least, greatest));
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        row_group.append_column(&Bytes::from(bytes), close)
    }

    fn dictionary(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in &self.values {
            value.encode(&mut bytes);
        }
        bytes
    }

    /// The width of a place in bits, then for each run twice its length as a
    /// varint and the place in whole bytes: the format's hybrid of run lengths
    /// and packed bits, without the latter.
    fn run_lengths(&self) -> Vec<u8> {
        let highest = self.values.len().saturating_sub(1).max(1) as u32;
        let width = u32::BITS - highest.leading_zeros();
        let mut bytes = vec![width as u8];
        for &(place, rows) in &self.runs {
            let mut header = rows << 1;
            while header >= 0x80 {
                bytes.push(header as u8 | 0x80);
                header >>= 7;
            }
            bytes.push(header as u8);
            bytes.extend_from_slice(&place.to_le_bytes()[..width.div_ceil(8) as usize]);
        }
        bytes
    }
}

fn page(page: Page) -> CompressedPage {
    let size = page.buffer().len();
    CompressedPage::new(page, size)
}
