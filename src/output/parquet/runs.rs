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
use std::io::Write;

/// A value of a column of runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum RunValue {
    /// A word.
    Text(String),
    /// A whole number.
    Count(u32),
}

/// The runs of one column in one row group.
#[derive(Debug, Default)]
pub(super) struct Runs {
    values: Vec<RunValue>,
    places: HashMap<RunValue, u32>,
    /// Places among the values, and how many rows.
    runs: Vec<(u32, usize)>,
}

impl Runs {
    /// Adds rows of one value: of the same kind as all before.
    pub fn push(&mut self, value: RunValue, rows: usize) {
        if let Some((place, last)) = self.runs.last_mut()
            && self.values[*place as usize] == value
        {
            *last += rows;
            return;
        }
        // Values often come in the order in which they first came.
        let next = self.runs.last().map_or(0, |(place, _)| place + 1);
        let place = if self.values.get(next as usize) == Some(&value) {
            next
        } else {
            let fresh = self.values.len() as u32;
            let place = *self.places.entry(value.clone()).or_insert(fresh);
            if place == fresh {
                self.values.push(value);
            }
            place
        };
        self.runs.push((place, rows));
    }

    /// Writes the column into a row group as its next one.
    pub fn append_to<W: Write + Send>(
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
        if let Some(statistics) = self.statistics() {
            metadata = metadata.set_statistics(statistics);
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

    /// Least and greatest value.
    fn statistics(&self) -> Option<Statistics> {
        Some(
            match (self.values.iter().min()?, self.values.iter().max()?) {
                (RunValue::Text(least), RunValue::Text(greatest)) => {
                    let [least, greatest] =
                        [least, greatest].map(|text| ByteArray::from(text.as_str()));
                    Statistics::byte_array(Some(least), Some(greatest), None, Some(0), false)
                }
                (RunValue::Count(least), RunValue::Count(greatest)) => {
                    let [least, greatest] = [least, greatest].map(|count| count.cast_signed());
                    Statistics::int32(Some(least), Some(greatest), None, Some(0), false)
                }
                _ => return None,
            },
        )
    }

    /// The values in their plain encoding.
    fn dictionary(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in &self.values {
            match value {
                RunValue::Text(text) => {
                    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                RunValue::Count(count) => bytes.extend_from_slice(&count.to_le_bytes()),
            }
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
